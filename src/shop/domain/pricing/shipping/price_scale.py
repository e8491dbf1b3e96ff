"""Prices of shipping; each kind of scale is a module of this package."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from shop.domain.pricing.cart_to_quote import LineToQuote
from shop.domain.shared.value import value


@value
class ShippedGoods:
    """The lines that ship, and what is left of their amounts."""

    lines: Sequence[LineToQuote]
    amount: int

    @property
    def weight_grams(self) -> int:
        """The weight of all pieces."""
        return sum([line.weight_grams * line.quantity for line in self.lines])


class PriceScale(ABC):
    """One kind of price for shipping."""

    @property
    def depends_on_amount(self) -> bool:
        """Whether a discount of the goods can change the price."""
        return False

    @abstractmethod
    def price(self, goods: ShippedGoods) -> int | None:
        """Return the price; None if the method does not take such goods."""
