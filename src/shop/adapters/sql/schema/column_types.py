"""Column types that both engines keep alike."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

import orjson
from sqlalchemy import DateTime, Dialect, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

from shop.domain.user import Role

TIME_CHARACTERS = len("2026-11-21 12:00:00.000000")


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC; SQLite, which has no type for that, keeps it as sortable text."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type of the engine."""
        return Text() if dialect.name == "sqlite" else self.impl_instance

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | str | None:
        """Give the driver the moment in UTC; no other is accepted."""
        if value is None:
            return None
        time = value.astimezone(UTC)
        if dialect.name == "sqlite":
            return time.isoformat(" ", "microseconds")[:TIME_CHARACTERS]
        return time

    def process_result_value(
        self, value: datetime | str | None, dialect: Dialect
    ) -> datetime | None:
        """Return the moment, aware of being in UTC."""
        del dialect
        if isinstance(value, str):
            return datetime.fromisoformat(value).replace(tzinfo=UTC)
        return None if value is None else value.astimezone(UTC)


class RoleSet(TypeDecorator[frozenset[Role]]):
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
        return None if value is None else _parse_roles(value)


@cache
def _parse_roles(words: str) -> frozenset[Role]:
    # There are few sets of roles, and every row of a user or a session has one.
    return frozenset(Role(word) for word in words.split())


class JsonText(TypeDecorator[Mapping[str, Any]]):
    """A JSON object, as text: every engine can keep that, and nobody searches inside."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Mapping[str, Any] | None, dialect: Dialect) -> str | None:
        """Give the driver the text."""
        del dialect
        return None if value is None else orjson.dumps(value).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> dict[str, Any] | None:
        """Return the object."""
        del dialect
        return None if value is None else orjson.loads(value)
