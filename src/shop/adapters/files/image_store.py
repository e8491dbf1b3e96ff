"""Stores images in a folder."""

import asyncio
import os
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from shutil import rmtree
from tempfile import NamedTemporaryFile, mkdtemp
from typing import TypeVar
from weakref import finalize

from shop.adapters.files.durable import sync_folder
from shop.application.ports.image_store import ImageStore, ImageStoreUnavailable
from shop.domain.catalogue.image_files import is_image_file

T = TypeVar("T")

KEPT = "kept"
"""The folder of files that are not published."""

_DRAFT = ".draft-"
"""How the names of files begin that are being written."""


class FileImageStore(ImageStore):
    """Published files in the folder itself, as "ab/<checksum>-<width>.webp"."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def keep(self, name: str, content: bytes) -> None:
        """Store a file that is not served yet."""
        await self._do(lambda: write_image(self._kept(name), content))

    async def publish(self, name: str) -> None:
        """Move a kept file to the published ones."""
        await self._do(lambda: self._publish(name))

    async def put(self, name: str, content: bytes) -> None:
        """Store a published file."""
        await self._do(lambda: write_image(self._published(name), content))

    async def read(self, name: str) -> bytes | None:
        """Return the content of a published file."""
        return await self._do(lambda: _read(self._published(name)))

    async def kept_before(self, time: datetime) -> Sequence[str]:
        """Return the files that were kept last before a time."""
        return await self._do(lambda: sorted(self._kept_before(time)))

    async def discard(self, names: Collection[str], *, kept_before: datetime) -> None:
        """Delete the files that were not kept again since that time, and half-written ones."""
        await self._do(lambda: self._discard(names, kept_before))

    def _publish(self, name: str) -> None:
        target = self._published(name)
        _make_folder(target.parent)
        try:
            self._kept(name).replace(target)
        except FileNotFoundError:
            if not target.exists():
                raise
        else:
            sync_folder(target.parent)

    def _kept_before(self, time: datetime) -> Iterator[str]:
        for file in (self._folder / KEPT).glob("*/*.webp"):
            name = f"{file.parent.name}/{file.name}"
            if is_image_file(name) and _is_older(file, time):
                yield name

    def _discard(self, names: Collection[str], kept_before: datetime) -> None:
        for file in map(self._kept, names):
            if _is_older(file, kept_before):
                file.unlink(missing_ok=True)
        # A process that is killed while it writes leaves its draft.
        for draft in self._folder.rglob(f"{_DRAFT}*"):
            if draft.is_file() and _is_older(draft, kept_before):
                draft.unlink(missing_ok=True)

    def _published(self, name: str) -> Path:
        return self._folder / _checked(name)

    def _kept(self, name: str) -> Path:
        return self._folder / KEPT / _checked(name)

    @staticmethod
    async def _do(work: Callable[[], T]) -> T:
        """Work in a thread, because a disk can be slow."""
        try:
            return await asyncio.to_thread(work)
        except OSError as error:
            raise ImageStoreUnavailable(str(error)) from error


def _checked(name: str) -> str:
    """Return a name that stays inside the folder."""
    if not is_image_file(name):
        raise ValueError(f"{name!r} is not the name of an image")
    return name


def _read(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None


def _is_older(file: Path, time: datetime) -> bool:
    try:
        return datetime.fromtimestamp(file.stat().st_mtime, UTC) < time
    except FileNotFoundError:
        return False


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        sync_folder(folder.parent)


def write_image(target: Path, content: bytes) -> None:
    """Write a file completely or not at all, so that it survives a loss of power."""
    _make_folder(target.parent)
    with NamedTemporaryFile(dir=target.parent, prefix=_DRAFT, delete=False) as draft:
        try:
            draft.write(content)
            draft.flush()
            os.fsync(draft.fileno())
            Path(draft.name).replace(target)
        except BaseException:
            Path(draft.name).unlink(missing_ok=True)
            raise
    sync_folder(target.parent)


class TemporaryImageStore(FileImageStore):
    """A folder that ends with this object, for a shop in memory."""

    def __init__(self) -> None:
        self.folder = Path(mkdtemp(prefix="shop-media."))
        super().__init__(self.folder)
        finalize(self, rmtree, self.folder, ignore_errors=True)
