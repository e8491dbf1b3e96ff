"""Carts: the products that a visitor is going to order."""

from collections.abc import Iterable, Mapping
from typing import Self

from shop.domain.shared.errors import Conflict, InvalidValue
from shop.domain.shared.line_quantity import LineQuantity, quantities_by_sku
from shop.domain.shared.value import value

MAX_LINES = 100


@value
class Cart:
    """Lines of different products, in the order in which they were added."""

    lines: tuple[LineQuantity, ...] = ()

    def __post_init__(self) -> None:
        if len(self.lines) > MAX_LINES:
            raise InvalidValue(field="lines", rule=f"must have at most {MAX_LINES} lines")

    @classmethod
    def of(cls, lines: Iterable[LineQuantity]) -> Self:
        """Return a cart of these lines; quantities of the same product add up."""
        given = tuple(lines)
        if len({line.sku for line in given}) == len(given):
            return cls(lines=given)
        quantities = quantities_by_sku(given).items()
        return cls(lines=tuple(LineQuantity(sku=sku, quantity=each) for sku, each in quantities))

    @property
    def is_empty(self) -> bool:
        """Whether the cart has no lines."""
        return not self.lines

    def put(self, line: LineQuantity) -> "Cart":
        """Return the cart with this line in place of one of the same product."""
        if any(line.sku == other.sku for other in self.lines):
            return Cart(
                lines=tuple(line if line.sku == other.sku else other for other in self.lines)
            )
        return Cart(lines=(*self.lines, line))

    def without(self, sku: str) -> "Cart":
        """Return the cart without a product, whether it was in the cart or not."""
        return Cart(lines=tuple(line for line in self.lines if line.sku != sku))

    def minus(self, ordered: Mapping[str, int]) -> "Cart":
        """Return the cart less these quantities, by SKU."""
        remaining = ((line.sku, line.quantity - ordered.get(line.sku, 0)) for line in self.lines)
        return Cart(
            lines=tuple(LineQuantity(sku=sku, quantity=each) for sku, each in remaining if each > 0)
        )


class EmptyCart(Conflict):
    """The cart has no lines to order."""

    code = "empty-cart"
    message = "The cart is empty."
