"""The cart: what a visitor means to buy."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from shop.domain.product import require_sku
from shop.domain.shared.errors import Conflict, InvalidValue

MAX_LINES = 100
MAX_QUANTITY = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CartLine:
    """A quantity of one product."""

    sku: str
    quantity: int

    def __post_init__(self) -> None:
        require_sku(self.sku)
        if not 1 <= self.quantity <= MAX_QUANTITY:
            raise InvalidValue(field="quantity", rule=f"a quantity is 1 to {MAX_QUANTITY}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cart:
    """At most a hundred lines, each of another product, in the order in which they were put in."""

    lines: tuple[CartLine, ...] = ()

    def __post_init__(self) -> None:
        if len(self.lines) > MAX_LINES:
            raise InvalidValue(field="lines", rule=f"a cart has at most {MAX_LINES} lines")

    @classmethod
    def of(cls, lines: Iterable[CartLine]) -> Self:
        """Gather lines into a cart; quantities of the same product add up."""
        quantities: dict[str, int] = {}
        for line in lines:
            quantities[line.sku] = quantities.get(line.sku, 0) + line.quantity
        return cls(
            lines=tuple(CartLine(sku=sku, quantity=each) for sku, each in quantities.items())
        )

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to order."""
        return not self.lines

    def put(self, line: CartLine) -> "Cart":
        """Return the cart with this quantity of the product, in place of any other."""
        if any(line.sku == other.sku for other in self.lines):
            return Cart(
                lines=tuple(line if line.sku == other.sku else other for other in self.lines)
            )
        return Cart(lines=(*self.lines, line))

    def without(self, sku: str) -> "Cart":
        """Return the cart without a product; one that was not in it changes nothing."""
        return Cart(lines=tuple(line for line in self.lines if line.sku != sku))

    def minus(self, ordered: Mapping[str, int]) -> "Cart":
        """Return what is left of the cart once these quantities of it were ordered, by SKU."""
        remaining = ((line.sku, line.quantity - ordered.get(line.sku, 0)) for line in self.lines)
        return Cart(
            lines=tuple(CartLine(sku=sku, quantity=each) for sku, each in remaining if each > 0)
        )


class EmptyCart(Conflict):
    """There is nothing to order."""

    code = "empty-cart"
    message = "The cart is empty."
