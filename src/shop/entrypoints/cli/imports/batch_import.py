"""Splits what is imported into batches."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")

BATCH_SIZE = 1000
"""The number of products in memory, and in one transaction, at a time."""


def in_batches(items: Iterable[T]) -> Iterator[list[T]]:
    """Split the items into lists of at most one batch."""
    remaining = iter(items)
    while batch := list(islice(remaining, BATCH_SIZE)):
        yield batch
