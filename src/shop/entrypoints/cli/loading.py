"""Loading: many products into a shop, a batch at a time."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

from shop.application.intake import IntakeResult, StockedProduct
from shop.entrypoints.cli.progress import progress_bar
from shop.entrypoints.cli.shop import Shop

T = TypeVar("T")

BATCH = 1000
"""So many are in memory, and in one transaction, at a time."""


async def load(shop: Shop, products: Iterable[StockedProduct], *, total: int) -> IntakeResult:
    """Load the products, of which there are so many; tell what became of them."""
    loaded = IntakeResult(added=0, changed=0, unchanged=0)
    with progress_bar() as bar:
        task = bar.add_task("Loading products", total=total)
        for batch in in_batches(products):
            loaded += await shop.intake().load(batch)
            bar.advance(task, len(batch))
    if loaded.added or loaded.changed:
        await shop.database().analyse()
    return loaded


def in_batches(items: Iterable[T]) -> Iterator[list[T]]:
    """Return the items in lists of one batch each."""
    left = iter(items)
    while batch := list(islice(left, BATCH)):
        yield batch


def told(loaded: IntakeResult) -> str:
    """Return what became of the products, in one line."""
    return (
        f"Products: {loaded.added} added, {loaded.changed} changed,"
        f" {loaded.unchanged} as they were."
    )
