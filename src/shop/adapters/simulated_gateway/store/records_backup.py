"""Backs up the records of a simulated gateway in process."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

from shop.adapters.sql.backup import sqlite_file_copy
from shop.application.ports.backup_part import BackupPart, PartSnapshot


class GatewayRecordsBackup(BackupPart):
    """The gateway's file. If there is none, the gateway has no payments, and the copy is empty."""

    name = "gateway.db"
    has_payments = True

    def __init__(self, file: Path) -> None:
        self._file = file

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[PartSnapshot]:
        """Yield a read transaction."""
        if self._file.exists():
            with sqlite_file_copy.read_snapshot(self._file) as connection:
                yield _RecordsSnapshot(connection)
        else:
            with closing(sqlite3.connect(":memory:")) as connection:
                yield _RecordsSnapshot(connection)

    async def replace_with(self, copy: Path) -> None:
        """Replace the records in one transaction of the file."""
        if self._is_readable():
            with sqlite_file_copy.locked(self._file) as connection:
                sqlite_file_copy.replace_content(connection, copy)
        else:
            sqlite_file_copy.replace_file(self._file, copy)

    def _is_readable(self) -> bool:
        if not self._file.exists():
            return False
        try:
            sqlite_file_copy.require_sound(self._file)
        except sqlite_file_copy.DamagedFile:
            return False
        return True


class _RecordsSnapshot(PartSnapshot):
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def copy_to(self, file: Path) -> None:
        sqlite_file_copy.copy_snapshot(self._connection, file)
