"""Port to the administration of the database."""

from abc import ABC, abstractmethod


class Database(ABC):
    """Checks and migrates the database."""

    @abstractmethod
    async def check(self) -> None:
        """Check that orders can be stored.

        Raise `DatabaseUnavailable`, `MigrationRequired`, `IncompatibleSchema` or
        `CurrencyMismatch` otherwise.
        """

    @abstractmethod
    async def check_writing(self) -> None:
        """Check that a transaction can be committed now; raise `DatabaseUnavailable` otherwise.

        The result may be a few seconds old.
        """

    @abstractmethod
    async def migrate(self) -> str | None:
        """Create or upgrade the schema, and give an empty shop the configured currency.

        Return the schema version that was there before, None if there was none.

        Of several processes, one migrates; the others wait and find it done. If it fails, nothing
        has changed. Raise `DatabaseUnavailable`, `IncompatibleSchema` or `CurrencyMismatch`.
        """

    @abstractmethod
    async def analyse(self) -> None:
        """Update the query planner's statistics; call this after a bulk load."""

    def connections(self) -> tuple[int, int]:
        """Return how many connections this process uses, and how many it may use."""
        return 0, 0

    @abstractmethod
    async def close(self) -> None:
        """Close all connections."""


class MigrationRequired(Exception):
    """The database schema is out of date."""


class IncompatibleSchema(Exception):
    """The schema belongs to a newer release, or is damaged; no migration leads from it."""


class CurrencyMismatch(Exception):
    """The database belongs to a shop with another currency."""
