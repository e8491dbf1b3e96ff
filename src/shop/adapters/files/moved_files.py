"""Copies the files of a shop to where it looks for them after a move."""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile

from shop.adapters.files.durable import copy_file, sync_file, sync_folder
from shop.application.ports.moves.moved_part import MovedPart
from shop.domain.shared.counted import counted


class SecretMove(MovedPart):
    """The generated secret, without which all sessions would end."""

    def __init__(self, source: Path, target: Path) -> None:
        self._source = source
        self._target = target

    async def find_loss(self) -> str | None:
        """Look for another secret."""
        if not self._source.exists() or not self._target.exists():
            return None
        is_same = self._source.read_bytes() == self._target.read_bytes()
        return None if is_same else f"{self._target} has another secret"

    async def copy(self) -> str | None:
        """Copy it, if a server has needed it yet."""
        if not self._source.exists():
            return None
        copy_file(self._source, self._target)
        return f"the secret to {self._target}"


class FolderMove(MovedPart):
    """The folder of images and of files of products that wait to be imported.

    A file never changes once it has its name, so those that are there already need not be copied.
    """

    def __init__(self, source: Path, target: Path) -> None:
        self._source = source
        self._target = target

    async def find_loss(self) -> str | None:
        """Find nothing: files are only added."""
        return None

    async def copy(self) -> str | None:
        """Add what is missing."""
        if not self._source.is_dir():
            return None
        number = await asyncio.to_thread(self._copy)
        return f"{counted(number, 'file')} to {self._target}"

    def _copy(self) -> int:
        number = 0
        for name in self._files():
            source, target = self._source / name, self._target / name
            number += 1
            if target.exists() and target.stat().st_size == source.stat().st_size:
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            with (
                source.open("rb") as content,
                NamedTemporaryFile(dir=target.parent, prefix=".draft-", delete=False) as draft,
            ):
                shutil.copyfileobj(content, draft)
            sync_file(Path(draft.name))
            Path(draft.name).replace(target)
            sync_folder(target.parent)
        return number

    def _files(self) -> Iterator[Path]:
        for each in sorted(self._source.rglob("*")):
            if each.is_file() and not each.name.startswith(".draft-"):
                yield each.relative_to(self._source)
