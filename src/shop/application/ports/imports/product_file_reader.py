"""Port to files of products in the formats that shopkeepers have."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from shop.domain.catalogue.product_import import ImportMessage
from shop.domain.shared.money import Currency
from shop.domain.shared.value import value

Cells = Mapping[str, Any]
"""What a row says, by field. An empty cell is None, and a column that the file lacks is absent."""


@value
class FileRow:
    """A row of a file: what it says of a product and of one of its variants.

    The rows of one product have the same `group`, or one of its `aliases` as theirs. Only the
    first of them has to describe it. A row without a variant describes the product alone, and one
    without a group is left out.
    """

    line: int
    group: str
    product: Cells
    variant: Cells | None
    aliases: Sequence[str] = ()
    faults: Sequence[ImportMessage] = ()
    remarks: Sequence[ImportMessage] = ()


@value
class FileDescription:
    """What a file is: its format, its encoding, and its name of the column of each field."""

    format: str
    encoding: str | None
    columns: Mapping[str, str]

    def column_of(self, field: str) -> str:
        """Return the name that the file has for a field."""
        return self.columns.get(field, field)


@value
class UnreadableFile:
    """Why no row of a file can be read; `is_empty` if it has not even a header."""

    faults: Sequence[ImportMessage]
    is_empty: bool = False


class ProductFileReader(ABC):
    """Reads files of products."""

    @abstractmethod
    def read(
        self, file: Path, currency: Currency, *, skip: int, folder: Path
    ) -> Iterator[FileDescription | UnreadableFile | FileRow]:
        """Yield what the file is, then its rows, with all their faults.

        The first `skip` rows after the header are not parsed. What is slow to find is stored in
        the folder, for the next time. Reading blocks.
        """
