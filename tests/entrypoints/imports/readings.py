"""Reads files as an import does, and shows what it found."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from shop.adapters.files.import_spools import FolderImportSpools
from shop.application.catalogue.imports.rows import ImportedProduct, assemble
from shop.application.ports.imports.import_spool import SpoolState
from shop.application.ports.imports.product_file_reader import (
    FileDescription,
    FileRow,
    UnreadableFile,
)
from shop.domain.catalogue.product_import import ImportMessage
from shop.domain.shared.money import Currency
from shop.entrypoints.imports.product_file import FormatsReader

SAMPLES = Path(__file__).with_name("samples")


@dataclass
class Reading:
    """What a file is and says."""

    description: FileDescription | None
    products: Sequence[ImportedProduct]
    faults: Sequence[str]
    remarks: Sequence[str]


def read(content: bytes | str, currency: str = "EUR") -> Reading:
    """Read the content of a file."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "products"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_file(file, currency)


def read_sample(name: str, currency: str = "EUR") -> Reading:
    """Read one of the sample files."""
    return read_file(SAMPLES / name, currency)


def read_file(file: Path, currency: str = "EUR") -> Reading:
    """Read a file, gather its rows and put its products together."""
    found, *others = FormatsReader().read(file, Currency(currency), skip=0, folder=file.parent)
    if isinstance(found, UnreadableFile):
        assert others == []
        return Reading(None, [], _texts(found.faults), [])
    assert isinstance(found, FileDescription)
    rows = [each for each in others if isinstance(each, FileRow)]
    assert len(rows) == len(others)
    with FolderImportSpools(file.parent).open_temporarily(file) as spool:
        state = SpoolState(description=found, rows_read=len(rows))
        spool.add_rows(rows, state)
        spool.gather_products(state)
        spooled = spool.products(0, max_products=10_000, max_rows=10_000)
        assembled = [assemble(each, found) for each in spooled]
        return Reading(
            found,
            [each.product for each in assembled if each.product is not None],
            _texts([*spool.faults(1000), *(fault for each in assembled for fault in each.faults)]),
            _texts(
                [*spool.remarks(1000), *(remark for each in assembled for remark in each.remarks)]
            ),
        )


def _texts(messages: Sequence[ImportMessage]) -> Sequence[str]:
    return [f"{each.line}: {each}" for each in messages]
