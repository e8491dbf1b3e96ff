"""Loading: many products into a shop, a batch at a time."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from shop.application.catalogue.bulk_import import ImportResult, ProductRow
from shop.entrypoints.cli.context import CliContext
from shop.entrypoints.cli.progress import progress_bar

T = TypeVar("T")

ImportBatch = Callable[[Sequence[ProductRow]], Awaitable[ImportResult]]

BATCH_SIZE = 1000
"""So many are in memory, and in one transaction, at a time."""


async def import_in_batches(
    context: CliContext, products: Iterable[ProductRow], import_batch: ImportBatch, *, total: int
) -> ImportResult:
    """Have the products taken in, of which there are so many; tell what became of them."""
    result = ImportResult(added=0, changed=0, unchanged=0)
    with progress_bar() as bar:
        task = bar.add_task("Loading products", total=total)
        for batch in in_batches(products):
            result += await import_batch(batch)
            bar.advance(task, len(batch))
    if result.added or result.changed:
        await context.database().analyse()
    return result


def in_batches(items: Iterable[T]) -> Iterator[list[T]]:
    """Return the items in lists of one batch each."""
    remaining = iter(items)
    while batch := list(islice(remaining, BATCH_SIZE)):
        yield batch
