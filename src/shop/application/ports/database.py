"""The port to the database as its operator sees it."""

from abc import ABC, abstractmethod


class Database(ABC):
    """The place where everything is stored: is it there, is it of the right shape?"""

    @abstractmethod
    async def check(self) -> None:
        """Return where orders can be stored.

        Else raise `DatabaseUnavailable`, `MigrationRequired`, or `CurrencyMismatch`.
        """

    @abstractmethod
    async def migrate(self) -> None:
        """Bring an older or empty database to the shape that this shop needs.

        Raise `DatabaseUnavailable`, or `CurrencyMismatch`.
        """

    @abstractmethod
    async def analyse(self) -> None:
        """Let the query planner learn what was loaded; whatever fills tables in bulk ends here."""

    @abstractmethod
    async def close(self) -> None:
        """Give back every connection."""


class MigrationRequired(Exception):
    """The database is reachable but not of the shape that this shop needs."""


class CurrencyMismatch(Exception):
    """The database holds a shop that sells in another currency than this one is set to."""
