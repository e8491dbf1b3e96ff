"""Imports many products in batches."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from shop.application.catalogue.bulk_import import ImportResult, ProductRow
from shop.entrypoints.cli.context import CliContext
from shop.entrypoints.cli.progress import progress_bar

T = TypeVar("T")

ImportBatch = Callable[[Sequence[ProductRow]], Awaitable[ImportResult]]

BATCH_SIZE = 1000
"""The number of products in memory, and in one transaction, at a time."""


async def import_in_batches(
    context: CliContext, products: Iterable[ProductRow], import_batch: ImportBatch, *, total: int
) -> ImportResult:
    """Import the products in batches, with a progress bar; return how many changed."""
    result = ImportResult(added=0, changed=0, unchanged=0)
    with progress_bar() as bar:
        task = bar.add_task("Importing products", total=total)
        for batch in in_batches(products):
            result += await import_batch(batch)
            bar.advance(task, len(batch))
    if result.added or result.changed:
        await context.database().analyse()
    return result


def in_batches(items: Iterable[T]) -> Iterator[list[T]]:
    """Split the items into lists of at most one batch."""
    remaining = iter(items)
    while batch := list(islice(remaining, BATCH_SIZE)):
        yield batch
