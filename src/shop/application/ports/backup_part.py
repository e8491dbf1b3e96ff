"""Port to what a backup contains beside the database."""

from abc import ABC, abstractmethod
from contextlib import AbstractAsyncContextManager
from pathlib import Path


class PartSnapshot(ABC):
    """A part of the shop as it is at one moment."""

    @abstractmethod
    async def copy_to(self, file: Path) -> None:
        """Copy it to a new file, which is on the disk afterwards."""


class PartReplacement(ABC):
    """A part that is about to be replaced."""

    @abstractmethod
    async def find_loss(self, copy: Path) -> str | None:
        """Return what would be lost if the copy replaced it; None if nothing.

        Such as "shop.gateway has 3 payments".
        """

    @abstractmethod
    async def replace_with(self, copy: Path) -> None:
        """Replace the part, completely or not at all."""


class BackupPart(ABC):
    """Something that belongs to the shop and is stored outside its database."""

    name: str
    """Its name in the backup, such as `gateway.db`."""

    has_payments: bool
    """Whether it changes with each card payment, and has to be of the same moment as orders."""

    @abstractmethod
    def snapshot(self) -> AbstractAsyncContextManager[PartSnapshot]:
        """Yield the part as it is now."""

    @abstractmethod
    def replacement(self) -> AbstractAsyncContextManager[PartReplacement]:
        """Yield the part while no other process uses it.

        Raise `BackupFailed` if one does. Nothing changes before `replace_with`.
        """
