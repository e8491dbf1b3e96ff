"""Column types with the same behaviour on both engines."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

import orjson
from sqlalchemy import DateTime, Dialect, Text
from sqlalchemy.types import TypeDecorator, TypeEngine, UserDefinedType

from shop.domain.user import Role

T = TypeVar("T")

TIME_CHARACTERS = len("2026-11-21 12:00:00.000000")


class StoredType(TypeDecorator[T]):
    """A type whose stored values are parsed."""

    @staticmethod
    def parse(value: Any) -> Any:  # noqa: ANN401  Each type has its own.
        """Return the value that was stored, which is not None."""
        raise NotImplementedError

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:  # noqa: ANN401  As above.
        """Return the value that was stored."""
        del dialect
        return None if value is None else self.parse(value)


class UtcDateTime(StoredType[datetime]):
    """A time in UTC, which SQLite stores as sortable text."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @staticmethod
    def parse(value: datetime | str) -> datetime:
        """Return the time with its time zone, UTC."""
        time = datetime.fromisoformat(value) if isinstance(value, str) else value
        if time.tzinfo is UTC:
            return time
        # SQLite's text is without a time zone; PostgreSQL's JSON has that of its session.
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the engine's type."""
        return Text() if dialect.name == "sqlite" else self.impl_instance

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any] | None:
        """Return what converts a time to text; PostgreSQL takes times, also those in JSON."""
        return super().bind_processor(dialect) if dialect.name == "sqlite" else None

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        """Convert a time to UTC, as text."""
        del dialect
        if value is None:
            return None
        return value.astimezone(UTC).isoformat(" ", "microseconds")[:TIME_CHARACTERS]

    def result_processor(
        self, dialect: Dialect, coltype: object
    ) -> Callable[[Any], datetime | None] | None:
        """Return what converts a stored time; PostgreSQL's driver returns it in UTC already."""
        return super().result_processor(dialect, coltype) if dialect.name == "sqlite" else None


class RoleSet(StoredType[frozenset[Role]]):
    """A set of roles, stored as sorted words."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: frozenset[Role] | None, dialect: Dialect) -> str | None:
        """Convert a set to words."""
        del dialect
        return None if value is None else " ".join(sorted(value))

    @staticmethod
    @cache
    def parse(value: str) -> frozenset[Role]:
        """Convert words to a set."""
        # There are few sets of roles, but every row of a user or a session has one.
        return frozenset(Role(word) for word in value.split())


class JsonText(StoredType[Mapping[str, Any] | Sequence[Any]]):
    """A JSON object or array, stored as text because only the audit looks inside."""

    impl = Text
    cache_ok = True

    def process_bind_param(
        self, value: Mapping[str, Any] | Sequence[Any] | None, dialect: Dialect
    ) -> str | None:
        """Convert an object or array to text."""
        del dialect
        return None if value is None else orjson.dumps(value, default=to_json_value).decode()

    @staticmethod
    def parse(value: str) -> Any:  # noqa: ANN401  JSON.
        """Convert text to an object or array."""
        return orjson.loads(value)


def to_json_value(value: object) -> str:
    """Convert what orjson does not know; raise `TypeError` for anything else."""
    if isinstance(value, UUID):
        # asyncpg's subclass of UUID, which orjson does not serialise.
        return str(value)
    raise TypeError(f"cannot store {type(value).__name__}")


class SearchVector(UserDefinedType[str]):
    """A set of tokens that PostgreSQL can search (`tsvector`)."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """Return the type's name."""
        return "TSVECTOR"
