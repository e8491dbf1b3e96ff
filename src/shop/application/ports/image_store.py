"""Port to the files of images."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from datetime import datetime


class ImageStoreUnavailable(Exception):
    """The files cannot be read or written now; the message says why."""


class ImageStore(ABC):
    """Files by name, whose content never changes: a name has the checksum of what it names.

    A file is kept before the database knows it, and published once it does. What is published is
    served, and stays for ever: orders name it. Each method raises `ImageStoreUnavailable`.
    """

    @abstractmethod
    async def keep(self, name: str, content: bytes) -> None:
        """Store a file that is not served yet, or store it again."""

    @abstractmethod
    async def publish(self, name: str) -> None:
        """Serve a file that is kept; one that is published already stays as it is."""

    @abstractmethod
    async def put(self, name: str, content: bytes) -> None:
        """Store and publish a file."""

    @abstractmethod
    async def read(self, name: str) -> bytes | None:
        """Return the content of a published file; None if there is none."""

    @abstractmethod
    async def kept_before(self, time: datetime) -> Sequence[str]:
        """Return the files that were kept last before a time, and are not published."""

    @abstractmethod
    async def discard(self, names: Collection[str], *, kept_before: datetime) -> None:
        """Delete the files that were not kept again since that time, and half-written ones."""
