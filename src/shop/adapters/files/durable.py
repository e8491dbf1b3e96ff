"""Writes files so that they survive a loss of power."""

import os
from pathlib import Path
from tempfile import NamedTemporaryFile


def sync_file(file: Path) -> None:
    """Wait until the file's content is on the disk."""
    with file.open("rb+") as opened:
        os.fsync(opened.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def copy_file(source: Path, target: Path) -> None:
    """Copy a small file to one that only its owner can read, completely or not at all."""
    with NamedTemporaryFile(dir=target.parent, prefix=f"{target.name}.", delete=False) as draft:
        draft.write(source.read_bytes())
        draft.flush()
        os.fsync(draft.fileno())
    Path(draft.name).replace(target)
    sync_folder(target.parent)
