"""Loading: many products into a shop, a batch at a time."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from shop.application.intake import IntakeResult, StockedProduct
from shop.entrypoints.cli.progress import progress_bar
from shop.entrypoints.cli.shop import Shop

T = TypeVar("T")

Intaking = Callable[[Sequence[StockedProduct]], Awaitable[IntakeResult]]

BATCH = 1000
"""So many are in memory, and in one transaction, at a time."""


async def load(
    shop: Shop, products: Iterable[StockedProduct], take_in: Intaking, *, total: int
) -> IntakeResult:
    """Have the products taken in, of which there are so many; tell what became of them."""
    loaded = IntakeResult(added=0, changed=0, unchanged=0)
    with progress_bar() as bar:
        task = bar.add_task("Loading products", total=total)
        for batch in in_batches(products):
            loaded += await take_in(batch)
            bar.advance(task, len(batch))
    if loaded.added or loaded.changed:
        await shop.database().analyse()
    return loaded


def in_batches(items: Iterable[T]) -> Iterator[list[T]]:
    """Return the items in lists of one batch each."""
    left = iter(items)
    while batch := list(islice(left, BATCH)):
        yield batch
