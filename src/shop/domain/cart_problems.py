"""What stops the order of a cart: the cart shows it, and the order is rejected for it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from shop.domain.cart import Cart, EmptyCart
from shop.domain.catalogue.product import ProductNotFound
from shop.domain.catalogue.variant import SoldVariant
from shop.domain.inventory import Inventory, OutOfStock, Shortage, describe_shortages
from shop.domain.shared.errors import Conflict
from shop.domain.shared.value import value


@value
class CartProblem:
    """One reason why a cart cannot be ordered, and the line that has it, if one has."""

    code: str
    sku: str | None = None
    requested: int | None = None
    available: int | None = None
    entered_code: str | None = None
    order_id: UUID | None = None
    """The customer's own order that holds the code and waits for its payment."""

    condition: str | None = None
    method: str | None = None
    pointer: str | None = None
    """The member of the cart that is not valid."""


@value
class CartProblems:
    """Everything that stops the order of a cart, whatever pays for it."""

    is_empty: bool
    missing: tuple[str, ...]
    not_for_sale: tuple[Shortage, ...]
    short: tuple[Shortage, ...]

    def require_for_sale(self) -> None:
        """Raise `EmptyCart`, `ProductNotFound`, or `NotForSale` with all such lines."""
        if self.is_empty:
            raise EmptyCart
        if self.missing:
            raise ProductNotFound(sku=self.missing[0])
        if self.not_for_sale:
            raise NotForSale(lines=self.not_for_sale, short=self.short)

    def require_available(self) -> None:
        """Raise `OutOfStock`, with every shortage, unless the cart is available."""
        if self.short:
            raise OutOfStock(lines=self.short)

    def __iter__(self) -> Iterator[CartProblem]:
        if self.is_empty:
            yield CartProblem(code=EmptyCart.code)
        for sku in self.missing:
            yield CartProblem(code=ProductNotFound.code, sku=sku)
        for code, lines in ((NotForSale.code, self.not_for_sale), (OutOfStock.code, self.short)):
            for line in lines:
                yield CartProblem(
                    code=code, sku=line.sku, requested=line.requested, available=line.available
                )


def find_cart_problems(
    cart: Cart, variants: Mapping[str, SoldVariant], inventories: Mapping[str, Inventory]
) -> CartProblems:
    """Compare a cart with the variants and the stock of its lines."""
    missing: list[str] = []
    not_for_sale: list[Shortage] = []
    short: list[Shortage] = []
    for line in cart.lines:
        variant = variants.get(line.sku)
        if variant is None:
            missing.append(line.sku)
        elif not variant.is_for_sale:
            not_for_sale.append(Shortage(sku=line.sku, requested=line.quantity, available=0))
        elif shortage := inventories[line.sku].shortage(line.quantity):
            short.append(shortage)
    return CartProblems(
        is_empty=cart.is_empty,
        missing=tuple(missing),
        not_for_sale=tuple(not_for_sale),
        short=tuple(short),
    )


@dataclass(kw_only=True, unsafe_hash=True)
class NotForSale(Conflict):
    """At least one product is off sale; `lines` has all of them, `short` the other shortages."""

    lines: tuple[Shortage, ...]
    short: tuple[Shortage, ...]

    code = "not-for-sale"

    @property
    def detail(self) -> str:
        """Name the products that are off sale, then describe the shortages."""
        off_sale = "Not for sale: " + ", ".join(line.sku for line in self.lines) + "."
        return f"{off_sale} {describe_shortages(self.short)}" if self.short else off_sale
