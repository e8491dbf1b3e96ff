"""Backs up the file with the generated session secret."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from shop.adapters.files.durable import copy_file
from shop.adapters.system.keyring import load_or_create_secret
from shop.application.ports.backup_part import BackupPart, PartReplacement, PartSnapshot


class SecretBackup(BackupPart):
    """The secret, without which the restored sessions would end."""

    name = "secret"
    has_payments = False

    def __init__(self, file: Path) -> None:
        self._file = file

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[PartSnapshot]:
        """Yield the secret, which never changes; create it if no server has needed it yet."""
        load_or_create_secret(self._file)
        yield _SecretSnapshot(self._file)

    @asynccontextmanager
    async def replacement(self) -> AsyncIterator[PartReplacement]:
        """Yield the secret, which processes read once."""
        yield _SecretReplacement(self._file)


class _SecretSnapshot(PartSnapshot):
    def __init__(self, file: Path) -> None:
        self._file = file

    async def copy_to(self, file: Path) -> None:
        copy_file(self._file, file)


class _SecretReplacement(PartReplacement):
    def __init__(self, file: Path) -> None:
        self._file = file

    async def find_loss(self, copy: Path) -> str | None:
        return f"{self._file} has another secret" if _differ(self._file, copy) else None

    async def replace_with(self, copy: Path) -> None:
        copy_file(copy, self._file)


def _differ(file: Path, copy: Path) -> bool:
    return file.exists() and file.read_bytes() != copy.read_bytes()
