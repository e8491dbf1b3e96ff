"""Port to where the checked rows of a file wait until they are applied."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from uuid import UUID

from shop.application.ports.imports.product_file_reader import (
    Cells,
    FileDescription,
    FileRow,
)
from shop.domain.catalogue.category import Category
from shop.domain.catalogue.product_import import ImportMessage
from shop.domain.shared.value import value

MAX_PRODUCT_ROWS = 1000
"""More than a product can have variants and images: its rows are in memory at a time."""


@value
class SpoolState:
    """How far the check of a file has come.

    `rows_read` counts the rows after the header. `products_checked` is None while rows are read;
    then it is the number of the last product that was checked. A file that is unreadable has no
    header that the shop understands, or none at all (`is_empty`).
    """

    description: FileDescription | None = None
    is_unreadable: bool = False
    is_empty: bool = False
    rows_read: int = 0
    products_checked: int | None = None
    is_checked: bool = False
    added: int = 0
    changed: int = 0
    unchanged: int = 0


@value
class SpooledRow:
    """What a row says of a product and of a variant; a row with faults says nothing."""

    line: int
    product: Cells
    variant: Cells | None
    is_valid: bool


@value
class SpooledProduct:
    """The rows of one product, by line; `rows_until` counts the rows up to its last."""

    number: int
    handle: str | None
    rows: Sequence[SpooledRow]
    rows_until: int


class ImportSpool(ABC):
    """A file and its rows, on disk, so that a file of any size needs little memory.

    All methods block. What one of them stores survives the end of the process.
    """

    @property
    @abstractmethod
    def file(self) -> Path:
        """The file that is imported."""

    @property
    @abstractmethod
    def folder(self) -> Path:
        """The folder of what is made of the file, which ends with the spool."""

    @abstractmethod
    def state(self) -> SpoolState:
        """Return how far the check has come."""

    @abstractmethod
    def add_rows(self, rows: Sequence[FileRow], state: SpoolState) -> None:
        """Store rows with their faults and remarks, and the new state."""

    @abstractmethod
    def gather_products(self, state: SpoolState) -> None:
        """Gather the rows into products, by the line of their first row, and store the state.

        A SKU that several rows have is stored as a fault of all but the first. A product with
        more than `MAX_PRODUCT_ROWS` rows is stored as a fault, and left out. Of products with the
        same handle, one that has it in the file keeps it, or else the first; each other one gets
        its other handle, which is stored as a remark.
        """

    @abstractmethod
    def products(self, after: int, *, max_products: int, max_rows: int) -> Sequence[SpooledProduct]:
        """Return the next products after a number; the last of them may exceed `max_rows`."""

    @abstractmethod
    def products_after_rows(
        self, rows: int, *, max_products: int, max_rows: int
    ) -> Sequence[SpooledProduct]:
        """Like `products`, after the product whose `rows_until` is this number."""

    @abstractmethod
    def claim_skus(self, lines: Mapping[str, int]) -> Mapping[str, int]:
        """Store the lines of SKUs that were made; return the lines of those that exist already."""

    @abstractmethod
    def record_check(
        self,
        faults: Sequence[ImportMessage],
        remarks: Sequence[ImportMessage],
        state: SpoolState,
        categories: Sequence[Category] = (),
    ) -> None:
        """Store what the check of products has found, what they would add, and the new state."""

    @abstractmethod
    def categories(self) -> Sequence[Category]:
        """Return the categories that the checked products would add, parents first."""

    @abstractmethod
    def faults(self, limit: int) -> Sequence[ImportMessage]:
        """Return the first faults, by line."""

    @abstractmethod
    def remarks(self, limit: int) -> Sequence[ImportMessage]:
        """Return the first remarks, by line."""

    @abstractmethod
    def fault_count(self) -> int:
        """Return how many faults there are."""

    @abstractmethod
    def invalid_rows(self) -> int:
        """Return how many rows have faults."""

    @abstractmethod
    def close(self) -> None:
        """Close the files; they stay."""


class ImportSpools(ABC):
    """The spools of all imports that have not ended."""

    @abstractmethod
    async def receive(self, import_id: UUID, content: AsyncIterator[bytes]) -> str:
        """Store the file of a new import on the disk; return its SHA-256 in hexadecimal.

        If its content ends with an error, store nothing.
        """

    @abstractmethod
    def open(self, import_id: UUID) -> ImportSpool | None:
        """Open the spool of an import, None if its file is gone."""

    @abstractmethod
    def open_temporarily(self, file: Path) -> AbstractContextManager[ImportSpool]:
        """Open a spool for a file that stays where it is; its rows are removed at the end."""

    @abstractmethod
    async def remove(self, import_id: UUID) -> None:
        """Remove the spool and the file of an import that has ended; one that is gone is fine."""

    @abstractmethod
    async def received_before(self, time: datetime) -> Sequence[UUID]:
        """Return the imports whose files were stored before a time, and are still there."""
