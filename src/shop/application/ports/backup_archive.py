"""Port to the file that a backup of the shop is stored in."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from shop.application.ports.database_backup import DatabaseDescription
from shop.domain.shared.value import value


@value
class ArchivedPart:
    """A part of a backup, with the SHA-256 of its bytes in hexadecimal."""

    name: str
    size: int
    sha256: str


@value
class BackupManifest:
    """What a backup contains, and which release of the shop made it."""

    created_at: datetime
    release: str
    database: DatabaseDescription
    parts: Sequence[ArchivedPart]


class BackupArchive(ABC):
    """Stores the parts of a backup and their manifest in one file.

    Each method raises `BackupFailed`, or `OSError` if the disk or the permissions are the cause.
    """

    @abstractmethod
    def require_writable(self, file: Path, *, overwrite: bool) -> None:
        """Check that the file can be created, or be replaced if `overwrite`."""

    @abstractmethod
    def describe(self, part: Path) -> ArchivedPart:
        """Return the name, size and checksum of a part."""

    @abstractmethod
    def write(self, file: Path, manifest: BackupManifest, folder: Path, *, overwrite: bool) -> None:
        """Store the manifest's parts, which are in the folder.

        The file appears when it is complete and on the disk. Only its owner can read it.
        """

    @abstractmethod
    def read_manifest(self, file: Path) -> BackupManifest:
        """Return the manifest; reject a file that is not a backup or of a newer format."""

    @abstractmethod
    def extract(self, file: Path, folder: Path) -> None:
        """Write the parts into a folder; reject those that are not as the manifest says."""
