"""Port to copies of the database of a running shop."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from shop.application.ports.backup_part import PartSnapshot
from shop.domain.shared.value import value


class BackupFailed(Exception):
    """The shop cannot be backed up or restored; the message says why, and what to do."""


@value
class DatabaseDescription:
    """Facts about a database that a backup of it must match.

    `schema` is PostgreSQL's schema; `rows` are the numbers of rows by table.
    """

    engine: str
    schema: str | None
    schema_version: str
    currency: str | None
    rows: Mapping[str, int]


class DatabaseSnapshot(PartSnapshot):
    """The database as it is at one moment, while orders go on."""

    @abstractmethod
    async def describe(self) -> DatabaseDescription:
        """Describe the snapshot; raise `MigrationRequired` if it is not a shop's database."""


class DatabaseReplacement(ABC):
    """A database that no other process uses, about to be replaced."""

    @abstractmethod
    async def rows(self) -> Mapping[str, int]:
        """Return the numbers of rows by table; none if a restore was interrupted.

        Raise `BackupFailed` if the database is damaged or belongs to something else.
        """

    @abstractmethod
    async def is_incomplete(self) -> bool:
        """Check whether a restore was interrupted, so that its content is of no value."""

    @abstractmethod
    async def begin(self) -> None:
        """Mark the database as incomplete, so that no shop opens it."""

    @abstractmethod
    async def finish(self, copy: Path, description: DatabaseDescription) -> None:
        """Replace the content with the copy, and remove the mark when all of it is stored."""


class DatabaseBackup(ABC):
    """Copies the database, and replaces it with a copy.

    Each method raises `BackupFailed` for reasons that the operator can remove.
    """

    engine: str
    part_name: str

    @abstractmethod
    def payments_paused(self) -> AbstractAsyncContextManager[None]:
        """Let no card payment begin until the context ends; requests wait for that."""

    @abstractmethod
    def snapshot(self) -> AbstractAsyncContextManager[DatabaseSnapshot]:
        """Yield the database as it is now."""

    @abstractmethod
    async def require_supported(self, description: DatabaseDescription) -> None:
        """Check that a database like this can be restored here and by this release."""

    @abstractmethod
    async def check_copy(self, copy: Path, description: DatabaseDescription) -> None:
        """Check that the copy is sound and as described, before anything is replaced."""

    @abstractmethod
    def replacement(self, *, overwrite: bool) -> AbstractAsyncContextManager[DatabaseReplacement]:
        """Lock the database; raise `BackupFailed` if another process uses it.

        Nothing changes before `begin`. A database that cannot be read is accepted only if
        `overwrite`.
        """
