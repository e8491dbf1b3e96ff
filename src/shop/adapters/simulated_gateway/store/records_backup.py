"""Backs up the records of a simulated gateway in process."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

from shop.adapters.sql.backup import sqlite_file_copy
from shop.application.ports.backup_part import BackupPart, PartReplacement, PartSnapshot
from shop.domain.shared.counted import counted


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

    @asynccontextmanager
    async def replacement(self) -> AsyncIterator[PartReplacement]:
        """Yield the records while this process alone has their file open."""
        if not self._file.exists():
            yield _FileReplacement(self._file, loss=None)
        elif damage := self._damage():
            yield _FileReplacement(self._file, loss=damage)
        else:
            with sqlite_file_copy.locked(self._file) as connection:
                yield _RecordsReplacement(self._file, connection)

    def _damage(self) -> str | None:
        try:
            sqlite_file_copy.require_sound(self._file)
        except sqlite_file_copy.DamagedFile as error:
            return str(error)
        return None


class _RecordsSnapshot(PartSnapshot):
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def copy_to(self, file: Path) -> None:
        sqlite_file_copy.copy_snapshot(self._connection, file)


class _RecordsReplacement(PartReplacement):
    """Replaces the records in one transaction of their file."""

    def __init__(self, file: Path, connection: sqlite3.Connection) -> None:
        self._file = file
        self._connection = connection

    async def find_loss(self, copy: Path) -> str | None:
        del copy
        payments = sqlite_file_copy.count_rows(self._connection).get("payments", 0)
        return f"{self._file} has {counted(payments, 'payment')}" if payments else None

    async def replace_with(self, copy: Path) -> None:
        sqlite_file_copy.replace_content(self._connection, copy)


class _FileReplacement(PartReplacement):
    """Replaces a file that does not exist or that SQLite cannot read."""

    def __init__(self, file: Path, *, loss: str | None) -> None:
        self._file = file
        self._loss = loss

    async def find_loss(self, copy: Path) -> str | None:
        del copy
        return self._loss

    async def replace_with(self, copy: Path) -> None:
        sqlite_file_copy.replace_file(self._file, copy)
