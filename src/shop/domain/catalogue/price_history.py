"""Finds the lowest earlier price that a reduction is announced with.

Directive 98/6/EC, article 6a: an announced price reduction indicates the lowest price of the 30
days before the reduction was applied.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from shop.domain.shared.money import Money
from shop.domain.shared.value import value

PERIOD = timedelta(days=30)


@value
class PriceChange:
    """A price that a variant has from a time on."""

    sku: str
    price: Money
    at: datetime


def lowest_before(changes: Iterable[PriceChange], now: datetime) -> Money | None:
    """Return the lowest price of the 30 days before the current price began.

    The changes are those of one variant, in any order. A younger variant has fewer days; without
    an earlier price the result is None. Each of several steps down is a reduction of its own.
    """
    prices = list(_prices(each for each in changes if each.at <= now))
    if not prices:
        return None
    *earlier, current = prices
    begin = current.at - PERIOD
    ends = [each.at for each in prices[1:]]
    applied = [each.price for each, end in zip(earlier, ends, strict=True) if end > begin]
    return min(applied, default=None)


def _prices(changes: Iterable[PriceChange]) -> Iterator[PriceChange]:
    """Yield the prices that applied, oldest first; of several changes at a time the last one."""
    in_order = sorted(changes, key=lambda each: each.at)
    last: Money | None = None
    for each in {change.at: change for change in in_order}.values():
        if each.price != last:
            yield each
            last = each.price
