"""Port to what moves with a shop beside its database."""

from abc import ABC, abstractmethod


class MovedPart(ABC):
    """Something that belongs to the shop and is stored outside its database."""

    @abstractmethod
    async def find_loss(self) -> str | None:
        """Return what would be lost at the other place if the part were copied; None if nothing."""

    @abstractmethod
    async def copy(self) -> str | None:
        """Copy the part as it is now; return what was copied and where to, None if nothing.

        It may be repeated: the last time, nothing is written any more.
        """
