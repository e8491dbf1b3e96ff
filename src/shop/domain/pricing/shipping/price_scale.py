"""Prices of shipping; each kind of scale is a module of this package."""

from abc import ABC, abstractmethod

from shop.domain.shared.value import value


@value
class ShippedGoods:
    """The lines that ship: their weight, and what is left of their amounts."""

    weight_grams: int
    amount: int


class PriceScale(ABC):
    """One kind of price for shipping."""

    @property
    def depends_on_amount(self) -> bool:
        """Whether a discount of the goods can change the price."""
        return False

    @abstractmethod
    def price(self, goods: ShippedGoods) -> int | None:
        """Return the price; None if the method does not take such goods."""
