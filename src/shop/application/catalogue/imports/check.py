"""Checks a whole file of products before anything of it is imported."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import TypeVar

from shop.application.catalogue.imports.plan import ImportPlan
from shop.application.catalogue.imports.rows import Assembled, assemble
from shop.application.ports.imports.import_spool import ImportSpool, SpoolState
from shop.application.ports.imports.product_file_reader import (
    FileDescription,
    FileRow,
    ProductFileReader,
    UnreadableFile,
)
from shop.domain.catalogue.product_import import ImportMessage
from shop.domain.shared.money import Currency
from shop.domain.shared.value import value

T = TypeVar("T")

BATCH_ROWS = 1000
"""The number of rows in memory at a time while a file is read."""

UNIT_PRODUCTS = 500
UNIT_ROWS = 1000
"""How much is in memory, and in one transaction, at a time: no more than either of them."""

IsOver = Callable[[SpoolState], bool]
"""Whether the time of a slice is over, asked now and then with how far the check is."""


@value
class _Unit:
    """Products of a file, and what was found when their rows were put together."""

    last: int
    assembled: Sequence[Assembled]
    faults: Sequence[ImportMessage]


class FileCheck:
    """Checks a file against itself and against the shop, in slices that survive the process."""

    def __init__(self, reader: ProductFileReader, plan: ImportPlan, currency: Currency) -> None:
        self._reader = reader
        self._plan = plan
        self._currency = currency

    async def run(self, spool: ImportSpool, is_over: IsOver) -> bool:
        """Check until the end or until it is over; return whether the file is checked."""
        if not await asyncio.to_thread(self._read_rows, spool, is_over):
            return False
        return spool.state().is_unreadable or await self._check_products(spool, is_over)

    def _read_rows(self, spool: ImportSpool, is_over: IsOver) -> bool:
        state = spool.state()
        if state.is_unreadable or state.products_checked is not None:
            return True
        found = self._reader.read(
            spool.file, self._currency, skip=state.rows_read, folder=spool.folder
        )
        description = next(found)
        if isinstance(description, UnreadableFile):
            state = replace(state, is_unreadable=True, is_empty=description.is_empty)
            spool.record_check(description.faults, (), state)
            return True
        if not isinstance(description, FileDescription):
            raise TypeError("a reader must describe the file before its rows")
        rows = (each for each in found if isinstance(each, FileRow))
        for batch in _batches(rows, BATCH_ROWS):
            read = state.rows_read + len(batch)
            state = replace(state, description=description, rows_read=read)
            spool.add_rows(batch, state)
            if is_over(state):
                return False
        state = replace(state, description=description, products_checked=0)
        spool.gather_products(state)
        return True

    async def _check_products(self, spool: ImportSpool, is_over: IsOver) -> bool:
        state = spool.state()
        categories = None if state.is_checked else await self._plan.categories(spool.categories())
        while categories is not None and not state.is_checked:
            unit = await asyncio.to_thread(_next_unit, spool, state)
            if unit is None:
                state = replace(state, is_checked=True)
                spool.record_check((), (), state)
                return True
            products = [each.product for each in unit.assembled if each.product is not None]
            known = len(categories.added)
            planned = await self._plan.check(products, file_of(state), categories)
            state = replace(
                state,
                products_checked=unit.last,
                added=state.added + planned.added,
                changed=state.changed + planned.changed,
                unchanged=state.unchanged + planned.unchanged,
            )
            faults = [
                *unit.faults,
                *(fault for each in unit.assembled for fault in each.faults),
                *planned.messages,
            ]
            remarks = [remark for each in unit.assembled for remark in each.remarks]
            spool.record_check(faults, remarks, state, categories.added[known:])
            if is_over(state):
                return False
        return True


def file_of(state: SpoolState) -> FileDescription:
    """Return the description of a file whose rows were read."""
    if state.description is None:
        raise RuntimeError("the rows of the file were not read")
    return state.description


def _next_unit(spool: ImportSpool, state: SpoolState) -> _Unit | None:
    after = state.products_checked or 0
    spooled = spool.products(after, max_products=UNIT_PRODUCTS, max_rows=UNIT_ROWS)
    if not spooled:
        return None
    file = file_of(state)
    assembled = [assemble(each, file) for each in spooled]
    return _Unit(
        last=spooled[-1].number, assembled=assembled, faults=_repeated_skus(spool, file, assembled)
    )


def _repeated_skus(
    spool: ImportSpool, file: FileDescription, assembled: Sequence[Assembled]
) -> Sequence[ImportMessage]:
    """Return the faults of rows whose SKU was made and is that of another row."""
    made = [
        variant
        for each in assembled
        if each.product is not None
        for variant in each.product.variants
        if variant.is_made
    ]
    lines: dict[str, int] = {}
    for variant in made:
        lines.setdefault(variant.sku, variant.line)
    if lines:
        lines.update(spool.claim_skus(lines))
    return [
        ImportMessage(
            line=each.line,
            column=file.column_of("sku"),
            detail=f"is empty, and {each.sku}, made from the handle, is the SKU of line"
            f" {lines[each.sku]}",
        )
        for each in made
        if each.line != lines[each.sku]
    ]


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    remaining = iter(items)
    while batch := list(islice(remaining, size)):
        yield batch
