"""The lines of a cart while they are priced: what is left of each, and which are selected."""

from collections.abc import Sequence
from operator import sub

from shop.domain.pricing.cart_to_quote import LineToQuote
from shop.domain.shared.value import value


@value
class Selection:
    """Products and categories; without any, all lines are selected."""

    products: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()


@value
class SelectedLines:
    """Lines that a promotion is for, and what the promotions before it have left of each."""

    lines: Sequence[LineToQuote]
    left: Sequence[int]


class Goods:
    """The lines of a cart, their list prices, and what promotions have left of them so far."""

    __slots__ = ("amounts", "left", "lines", "positions", "subtotal")

    def __init__(self, lines: Sequence[LineToQuote]) -> None:
        self.lines = lines
        self.amounts = [line.unit_price.amount * line.quantity for line in lines]
        self.subtotal = sum(self.amounts)
        self.positions: Sequence[int] = range(len(lines))
        self.left = self.amounts

    def restore(self) -> None:
        """Undo all discounts."""
        self.left = self.amounts

    def find(self, selection: Selection) -> Sequence[int]:
        """Return the positions of the lines that are selected."""
        products, categories = selection.products, selection.categories
        if not (products or categories):
            return self.positions
        return [
            position
            for position, line in enumerate(self.lines)
            if line.product in products or not categories.isdisjoint(line.categories)
        ]

    @property
    def shipped(self) -> Sequence[int]:
        """The positions of the lines that ship."""
        return [position for position, line in enumerate(self.lines) if line.ships]

    def at(self, positions: Sequence[int]) -> SelectedLines:
        """Return the lines at these positions."""
        if positions is self.positions:
            return SelectedLines(lines=self.lines, left=self.left)
        return SelectedLines(
            lines=[self.lines[each] for each in positions],
            left=[self.left[each] for each in positions],
        )

    def take(self, positions: Sequence[int], discounts: Sequence[int]) -> tuple[int, ...]:
        """Reduce what is left at these positions; return the discount of every line."""
        if positions is not self.positions:
            shares = [0] * len(self.lines)
            for position, discount in zip(positions, discounts, strict=True):
                shares[position] = discount
            discounts = shares
        self.left = list(map(sub, self.left, discounts))
        return tuple(discounts)
