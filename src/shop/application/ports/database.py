"""Port to the administration of the database."""

from abc import ABC, abstractmethod


class Database(ABC):
    """Checks and migrates the database."""

    @abstractmethod
    async def check(self) -> None:
        """Check that orders can be stored.

        Raise `DatabaseUnavailable`, `MigrationRequired` or `CurrencyMismatch` otherwise.
        """

    @abstractmethod
    async def migrate(self) -> None:
        """Create or upgrade the schema.

        Raise `DatabaseUnavailable` or `CurrencyMismatch`.
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


class CurrencyMismatch(Exception):
    """The database belongs to a shop with another currency."""

    def __init__(self, *, stored: str, configured: str) -> None:
        super().__init__(f"the shop in this database sells in {stored}, not in {configured}")
        self.stored = stored
