"""Spools of imports, each in a folder of its own."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from uuid import UUID
from weakref import finalize

from shop.adapters.files.import_spool import SqliteImportSpool
from shop.application.ports.imports.import_spool import ImportSpool, ImportSpools

_FILE = "file"


class FolderImportSpools(ImportSpools):
    """The spools of imports, each in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def receive(self, import_id: UUID, content: AsyncIterator[bytes]) -> None:
        """Store the file of a new import."""
        folder = self._folder / str(import_id)
        folder.mkdir(parents=True)
        try:
            with (folder / _FILE).open("xb") as file:
                async for part in content:
                    await asyncio.to_thread(file.write, part)
        except BaseException:
            shutil.rmtree(folder)
            raise

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


class TemporaryImportSpools(FolderImportSpools):
    """The spools of a shop in memory, which end with it."""

    def __init__(self) -> None:
        folder = mkdtemp(prefix="shop-imports-")
        finalize(self, shutil.rmtree, folder, ignore_errors=True)
        super().__init__(Path(folder))
