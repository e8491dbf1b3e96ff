"""Backs up the folder of images."""

import asyncio
import os
import tarfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

from shop.adapters.files.durable import sync_file, sync_folder
from shop.adapters.files.image_store import KEPT, write_image
from shop.application.ports.backup_part import BackupPart, PartReplacement, PartSnapshot
from shop.application.ports.database_backup import BackupFailed
from shop.domain.catalogue.image_files import is_image_file


class MediaBackup(BackupPart):
    """All images in one tar file, without compression: they are compressed already.

    An image never changes, so what is copied after the database has every image that it names.
    """

    name = "media.tar"
    has_payments = False

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[PartSnapshot]:
        """Yield the images."""
        yield _MediaSnapshot(self._folder)

    @asynccontextmanager
    async def replacement(self) -> AsyncIterator[PartReplacement]:
        """Yield the images, which several processes may add to."""
        yield _MediaReplacement(self._folder)


class _MediaSnapshot(PartSnapshot):
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def copy_to(self, file: Path) -> None:
        await asyncio.to_thread(_archive, self._folder, file)


class _MediaReplacement(PartReplacement):
    """Adds the images of the copy.

    Those that are there already have the same content, and those that the restored shop does not
    name harm nothing. So an interrupted restore can be repeated.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def find_loss(self, copy: Path) -> str | None:
        await _read(_require_images, copy)
        return None

    async def replace_with(self, copy: Path) -> None:
        await _read(_extract, copy, self._folder)


async def _read(read: Callable[..., None], *needed: Path) -> None:
    try:
        await asyncio.to_thread(read, *needed)
    except tarfile.TarError as error:
        raise BackupFailed(f"the images of the backup cannot be read: {error}") from error


def _archive(folder: Path, target: Path) -> None:
    target.touch(0o600, exist_ok=False)
    with tarfile.open(target, "w") as archive:
        for file in _images_in(folder):
            member = tarfile.TarInfo(str(file.relative_to(folder)))
            try:
                content = file.open("rb")
            except FileNotFoundError:
                # A kept file was published, and is archived as such, or was discarded.
                continue
            with content:
                member.size = os.fstat(content.fileno()).st_size
                member.mode = 0o600
                archive.addfile(member, content)
    sync_file(target)


def _images_in(folder: Path) -> Iterator[Path]:
    # What is kept goes first: if it is published in the meantime, it is found afterwards.
    for root in (folder / KEPT, folder):
        for file in sorted(root.glob("??/*.webp")):
            if is_image_file(f"{file.parent.name}/{file.name}"):
                yield file


def _require_images(copy: Path) -> None:
    with tarfile.open(copy, "r:") as archive:
        for member in archive:
            _open_image(archive, member)


def _extract(copy: Path, folder: Path) -> None:
    with tarfile.open(copy, "r:") as archive:
        for member in archive:
            write_image(folder / member.name, _open_image(archive, member).read())
    if folder.is_dir():
        sync_folder(folder)


def _open_image(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    name = member.name.removeprefix(f"{KEPT}/")
    content = archive.extractfile(member) if member.isreg() else None
    if content is None or not is_image_file(name):
        raise tarfile.ReadError(f"{member.name} is not an image")
    return content
