"""The lines of a cart while they are priced, and those that a rule selects."""

from collections.abc import Sequence

from shop.domain.pricing.cart_to_quote import LineToQuote
from shop.domain.shared.value import value


@value
class Selection:
    """Products and categories; without any, all lines are selected."""

    products: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()


class Goods:
    """The lines of a cart, with their amounts at list prices.

    What is left of the amounts after some promotions is a sequence beside them, by position.
    """

    __slots__ = ("amounts", "lines", "positions", "shipped")

    def __init__(self, lines: Sequence[LineToQuote]) -> None:
        self.lines = lines
        self.amounts = [line.unit_price.amount * line.quantity for line in lines]
        self.positions: Sequence[int] = range(len(lines))
        self.shipped = [position for position, line in enumerate(lines) if line.ships]

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
