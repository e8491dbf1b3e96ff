"""Stores a backup in a tar file: `manifest.json`, then the parts that it lists."""

import hashlib
import json
import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Literal

from pydantic import TypeAdapter, ValidationError

from shop.adapters.files.durable import sync_folder
from shop.application.ports.backup_archive import ArchivedPart, BackupArchive, BackupManifest
from shop.application.ports.database_backup import BackupFailed
from shop.domain.shared.value import value

FORMAT: Literal[1] = 1
"""A reader rejects a newer format."""

MANIFEST = "manifest.json"
MAX_MANIFEST_BYTES = 1_000_000
CHUNK_BYTES = 1 << 20


@value
class _StoredManifest(BackupManifest):
    """The manifest as it is stored."""

    format: Literal[1]


_STORED_MANIFEST = TypeAdapter(_StoredManifest)


class TarBackupArchive(BackupArchive):
    """A tar file that is not compressed, so its size bounds what it unpacks to.

    Members are read by their names, and never written to a path that the archive chooses.
    """

    def require_writable(self, file: Path, *, overwrite: bool) -> None:
        """Check the folder, and that the file does not exist unless it may be replaced."""
        if not file.parent.is_dir():
            raise BackupFailed(f"the folder {file.parent} of the file {file.name} does not exist")
        if file.exists() and not file.is_file():
            raise BackupFailed(f"{file} is not a file; name the file to create")
        if file.exists() and not overwrite:
            raise BackupFailed(f"{file} exists already; use --overwrite to replace it")

    def describe(self, part: Path) -> ArchivedPart:
        """Return the name, size and checksum of a part."""
        with part.open("rb") as content:
            checksum = hashlib.file_digest(content, "sha256").hexdigest()
        return ArchivedPart(name=part.name, size=part.stat().st_size, sha256=checksum)

    def write(self, file: Path, manifest: BackupManifest, folder: Path, *, overwrite: bool) -> None:
        """Write to a file with a temporary name in the folder, and rename it at the end."""
        stored = _StoredManifest(
            format=FORMAT,
            created_at=manifest.created_at,
            release=manifest.release,
            database=manifest.database,
            parts=manifest.parts,
        )
        Path(folder, MANIFEST).write_bytes(_STORED_MANIFEST.dump_json(stored, indent=2))
        # Only the owner can read the file: `NamedTemporaryFile` creates it with mode 0600.
        with NamedTemporaryFile(dir=folder, delete=False) as draft:
            with tarfile.open(fileobj=draft, mode="w") as archive:
                for name in (MANIFEST, *(each.name for each in manifest.parts)):
                    _add(archive, folder / name)
            draft.flush()
            os.fsync(draft.fileno())
        # Someone else may have created the file in the meantime.
        self.require_writable(file, overwrite=overwrite)
        Path(draft.name).replace(file)
        sync_folder(file.parent)

    def read_manifest(self, file: Path) -> BackupManifest:
        """Return the manifest."""
        with _opened(file) as archive:
            return _read_manifest(archive, file)

    def extract(self, file: Path, folder: Path) -> None:
        """Write each part that the manifest lists, and check it."""
        with _opened(file) as archive:
            for part in _read_manifest(archive, file).parts:
                content = _content(archive, part, file)
                if _copy(content, folder / part.name) != part.sha256:
                    raise _damaged(file, f"the checksum of {part.name} is wrong")
            if archive.next() is not None:
                raise _damaged(file, "it has parts that its manifest does not list")


@contextmanager
def _opened(file: Path) -> Iterator[tarfile.TarFile]:
    try:
        archive = tarfile.open(file, "r:")  # noqa: SIM115  Closed below.
    except tarfile.TarError as error:
        raise BackupFailed(f"{file} is not a backup of a shop: {error}") from error
    try:
        with archive:
            yield archive
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise _damaged(file, str(error)) from error


def _read_manifest(archive: tarfile.TarFile, file: Path) -> BackupManifest:
    member = archive.next()
    if member is None or member.name != MANIFEST or not _is_plain(member):
        raise BackupFailed(f"{file} is not a backup of a shop: it does not begin with {MANIFEST}")
    if member.size > MAX_MANIFEST_BYTES:
        raise _damaged(file, f"{MANIFEST} is larger than {MAX_MANIFEST_BYTES} bytes")
    text = _reader(archive, member).read()
    document = json.loads(text)
    if isinstance(document, dict) and document.get("format") not in {FORMAT, None}:
        raise BackupFailed(
            f"{file} was made by a newer release of the shop; restore it with that release"
        )
    try:
        manifest = _STORED_MANIFEST.validate_json(text)
    except ValidationError as error:
        raise _damaged(file, f"{MANIFEST} is invalid") from error
    for part in manifest.parts:
        if not part.name or part.name.startswith(".") or Path(part.name).name != part.name:
            raise _damaged(file, f"{MANIFEST} lists a part with an invalid name")
    return manifest


def _content(archive: tarfile.TarFile, part: ArchivedPart, file: Path) -> IO[bytes]:
    member = archive.next()
    if member is None or member.name != part.name or not _is_plain(member):
        raise _damaged(file, f"{part.name} is missing")
    if member.size != part.size:
        raise _damaged(file, f"the size of {part.name} is wrong")
    return _reader(archive, member)


def _is_plain(member: tarfile.TarInfo) -> bool:
    # A sparse member unpacks to more bytes than the archive has.
    return member.type in {tarfile.REGTYPE, tarfile.AREGTYPE} and member.sparse is None


def _reader(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    reader = archive.extractfile(member)
    if reader is None:
        raise tarfile.ReadError(f"{member.name} has no content")
    return reader


def _add(archive: tarfile.TarFile, file: Path) -> None:
    member = tarfile.TarInfo(file.name)
    member.size, member.mtime, member.mode = file.stat().st_size, file.stat().st_mtime, 0o600
    with file.open("rb") as content:
        archive.addfile(member, content)


def _copy(content: IO[bytes], target: Path) -> str:
    """Copy to a new file and return the checksum."""
    checksum = hashlib.sha256()
    target.touch(0o600, exist_ok=False)
    with target.open("wb") as file:
        while chunk := content.read(CHUNK_BYTES):
            checksum.update(chunk)
            file.write(chunk)
    return checksum.hexdigest()


def _damaged(file: Path, reason: str) -> BackupFailed:
    return BackupFailed(f"{file} is damaged: {reason}; restore another backup")
