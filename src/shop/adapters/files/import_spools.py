"""Spools of imports, each in a folder of its own."""

import asyncio
import hashlib
import shutil
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from uuid import UUID
from weakref import finalize

from shop.adapters.files.durable import sync_file, sync_folder
from shop.adapters.files.import_spool import SqliteImportSpool
from shop.application.ports.imports.import_spool import ImportSpool, ImportSpools

_FILE = "file"


class FolderImportSpools(ImportSpools):
    """The spools of imports, each in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def receive(self, import_id: UUID, content: AsyncIterator[bytes]) -> str:
        """Store the file of a new import on the disk; return its SHA-256 in hexadecimal."""
        folder = self._folder / str(import_id)
        await asyncio.to_thread(folder.mkdir, parents=True)
        digest = hashlib.sha256()
        try:
            with (folder / _FILE).open("xb") as file:
                async for part in content:
                    digest.update(part)
                    await asyncio.to_thread(file.write, part)
            await asyncio.to_thread(self._sync, folder)
        except BaseException:
            await asyncio.to_thread(shutil.rmtree, folder)
            raise
        return digest.hexdigest()

    def _sync(self, folder: Path) -> None:
        """Wait until the file is on the disk: the import will be applied, whatever happens."""
        sync_file(folder / _FILE)
        for each in (folder, folder.parent):
            sync_folder(each)

    def open(self, import_id: UUID) -> ImportSpool | None:
        """Open the spool of an import."""
        folder = self._folder / str(import_id)
        file = folder / _FILE
        return SqliteImportSpool(folder, file) if file.is_file() else None

    @contextmanager
    def open_temporarily(self, file: Path) -> Iterator[ImportSpool]:
        """Open a spool for a file that stays where it is; its rows are removed at the end."""
        with TemporaryDirectory(prefix="shop-import-") as folder:
            spool = SqliteImportSpool(Path(folder), file)
            try:
                yield spool
            finally:
                spool.close()

    async def remove(self, import_id: UUID) -> None:
        """Remove the spool and the file of an import."""
        folder = self._folder / str(import_id)
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def received_before(self, time: datetime) -> Sequence[UUID]:
        """Return the imports whose files were stored before a time, and are still there."""
        return await asyncio.to_thread(lambda: list(self._received_before(time)))

    def _received_before(self, time: datetime) -> Iterator[UUID]:
        for folder in self._folder.glob("*/"):
            with suppress(FileNotFoundError, ValueError):
                import_id = UUID(folder.name)
                if datetime.fromtimestamp(folder.stat().st_mtime, UTC) < time:
                    yield import_id


class TemporaryImportSpools(FolderImportSpools):
    """The spools of a shop in memory, which end with it."""

    def __init__(self) -> None:
        folder = mkdtemp(prefix="shop-imports-")
        finalize(self, shutil.rmtree, folder, ignore_errors=True)
        super().__init__(Path(folder))
