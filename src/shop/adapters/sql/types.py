"""Column types that both engines keep alike."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import DateTime, Dialect, Text
from sqlalchemy.types import TypeDecorator

from shop.domain.user import Role


class UtcTime(TypeDecorator[datetime]):
    """A moment in UTC; SQLite, which has no type for that, keeps it as sortable text."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the driver the moment in UTC; no other is accepted."""
        if value is None:
            return None
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the moment, aware of being in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


class Roles(TypeDecorator[frozenset[Role]]):
    """A set of roles, as sorted words."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: frozenset[Role] | None, dialect: Dialect) -> str | None:
        """Give the driver the words."""
        del dialect
        return None if value is None else " ".join(sorted(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> frozenset[Role] | None:
        """Return the set."""
        del dialect
        return None if value is None else _roles(value)


@cache
def _roles(words: str) -> frozenset[Role]:
    # There are few sets of roles, and every row of a user or a session has one.
    return frozenset(Role(word) for word in words.split())


class JsonText(TypeDecorator[Mapping[str, Any]]):
    """A JSON object, as text: every engine can keep that, and nobody searches inside."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Mapping[str, Any] | None, dialect: Dialect) -> str | None:
        """Give the driver the text."""
        del dialect
        return None if value is None else json.dumps(value, ensure_ascii=False)

    def process_result_value(self, value: str | None, dialect: Dialect) -> dict[str, Any] | None:
        """Return the object."""
        del dialect
        return None if value is None else json.loads(value)
