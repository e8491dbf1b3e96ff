"""Backs up a SQLite database, and restores it."""

import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from shop.adapters.sql.backup import sqlite_file_copy
from shop.adapters.sql.backup.version_checks import (
    CREATE_VERSION_TABLE,
    CURRENCY,
    require_complete,
    require_known,
)
from shop.adapters.sql.schema.tables import RESTORING
from shop.application.ports.database_backup import (
    BackupFailed,
    DatabaseBackup,
    DatabaseDescription,
    DatabaseReplacement,
    DatabaseSnapshot,
)


class SqliteBackup(DatabaseBackup):
    """Copies the file with SQLite's own backup, which includes the write-ahead log."""

    engine = "sqlite"
    part_name = "shop.db"

    def __init__(self, file: Path) -> None:
        self._file = file

    @asynccontextmanager
    async def payments_paused(self) -> AsyncIterator[None]:
        """Hold the write lock, which each payment needs before and after the gateway is asked."""
        self._require_file()
        with sqlite_file_copy.writes_paused(self._file):
            yield

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[DatabaseSnapshot]:
        """Yield a read transaction."""
        self._require_file()
        with sqlite_file_copy.read_snapshot(self._file) as connection:
            yield _DatabaseSnapshot(connection)

    async def require_supported(self, description: DatabaseDescription) -> None:
        """Check the schema version."""
        require_known(description.schema_version)

    async def check_copy(self, copy: Path, description: DatabaseDescription) -> None:
        """Check that the copy is sound and has the rows of its manifest."""
        sqlite_file_copy.require_sound(copy)
        with sqlite_file_copy.read_snapshot(copy) as connection:
            if _describe(connection) != description:
                raise BackupFailed("the database in the backup is not as its manifest says")

    @asynccontextmanager
    async def replacement(self, *, overwrite: bool) -> AsyncIterator[DatabaseReplacement]:
        """Yield the database while this process alone has it open."""
        damage = self._damage() if self._file.exists() else None
        if damage and not overwrite:
            raise BackupFailed(f"{damage}; use --overwrite to replace it")
        with ExitStack() as lock:
            replacement = _Replacement(self._file, lock)
            if self._file.exists() and not damage:
                replacement.lock()
            yield replacement

    def _require_file(self) -> None:
        if not self._file.is_file():
            raise BackupFailed(f"the database file {self._file.absolute()} does not exist")

    def _damage(self) -> str | None:
        try:
            with sqlite_file_copy.locked(self._file) as connection:
                sqlite_file_copy.count_rows(connection)
        except sqlite_file_copy.DamagedFile as error:
            return str(error)
        return None


class _DatabaseSnapshot(DatabaseSnapshot):
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def describe(self) -> DatabaseDescription:
        return _describe(self._connection)

    async def copy_to(self, file: Path) -> None:
        sqlite_file_copy.copy_snapshot(self._connection, file)


class _Replacement(DatabaseReplacement):
    """A file that is locked, or one that does not exist or is damaged and has no lock yet."""

    def __init__(self, file: Path, lock: ExitStack) -> None:
        self._file = file
        self._lock = lock
        self._connection: sqlite3.Connection | None = None

    def lock(self) -> sqlite3.Connection:
        self._connection = self._lock.enter_context(sqlite_file_copy.locked(self._file))
        return self._connection

    async def rows(self) -> Mapping[str, int]:
        rows = self._all_rows()
        if rows and "alembic_version" not in rows:
            raise BackupFailed(f"{self._file} is not the database of a shop; choose another file")
        return {} if await self.is_incomplete() else rows

    async def is_incomplete(self) -> bool:
        if self._connection is None or "alembic_version" not in self._all_rows():
            return False
        return _version(self._connection) == RESTORING

    async def begin(self) -> None:
        if self._connection is None:
            self._put_incomplete_file()
            self.lock()
        else:
            _mark_incomplete(self._connection)

    async def finish(self, copy: Path, description: DatabaseDescription) -> None:
        del description
        # The copy has its version, so the mark disappears in the same transaction.
        sqlite_file_copy.replace_content(self._connection or self.lock(), copy)

    def _all_rows(self) -> Mapping[str, int]:
        return {} if self._connection is None else sqlite_file_copy.count_rows(self._connection)

    def _put_incomplete_file(self) -> None:
        # A folder of its own, because a draft has side files as well.
        with TemporaryDirectory(dir=self._file.parent, prefix=".shop-restore.") as folder:
            draft = Path(folder, self._file.name)
            draft.touch(0o600)
            with sqlite_file_copy.locked(draft) as connection:
                _mark_incomplete(connection)
            sqlite_file_copy.replace_file(self._file, draft)


def _mark_incomplete(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN")
    connection.execute(CREATE_VERSION_TABLE)
    connection.execute("DELETE FROM alembic_version")
    connection.execute("INSERT INTO alembic_version VALUES (?)", (RESTORING,))
    connection.execute("COMMIT")


def _describe(connection: sqlite3.Connection) -> DatabaseDescription:
    rows = sqlite_file_copy.count_rows(connection)
    version = _version(connection) if "alembic_version" in rows else None
    require_complete(version)
    currency = connection.execute(CURRENCY).fetchone() if "accounts" in rows else None
    return DatabaseDescription(
        engine=SqliteBackup.engine,
        schema=None,
        schema_version=version or "",
        currency=None if currency is None else currency[0],
        rows=rows,
    )


def _version(connection: sqlite3.Connection) -> str | None:
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if row is None else str(row[0])
