"""What is in a cart, and the cart that all sessions of a customer share."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from uuid import UUID

from shop.domain.cart import MAX_LINES, Cart
from shop.domain.orders.order_details import MAX_CODES, NO_DETAILS, OrderDetails
from shop.domain.shared.line_quantity import LineQuantity
from shop.domain.shared.value import value


@value
class CartContent:
    """The lines of a cart, and what was entered beside them: `details` without codes has None."""

    cart: Cart = Cart()
    details: OrderDetails = NO_DETAILS

    @property
    def codes(self) -> tuple[str, ...]:
        """The entered codes."""
        return self.details.codes or ()

    def with_cart(self, cart: Cart) -> "CartContent":
        """Replace the lines."""
        return replace(self, cart=cart)

    def with_codes(self, codes: Collection[str]) -> "CartContent":
        """Replace the codes; raise `InvalidValue` for too many."""
        return replace(self, details=replace(self.details, codes=tuple(codes) or None))

    def merged_with(self, visitor: "CartContent") -> "CartContent":
        """Add what a visitor has collected before sign-in; a second time changes nothing.

        The larger quantity of a product counts. Own lines and codes come first; beyond the limits,
        the visitor's last ones are dropped. E-mail address, addresses and method are the
        visitor's only where this cart has none: another person may have entered them.
        """
        if visitor == EMPTY_CART:
            return self
        codes = (*self.codes, *(each for each in visitor.codes if each not in self.codes))
        merged = CartContent(
            cart=_merge(self.cart, visitor.cart), details=self.details.or_else(visitor.details)
        )
        return merged.with_codes(codes[:MAX_CODES])

    def without_ordered(
        self, quantities: Mapping[str, int], codes: Collection[str]
    ) -> "CartContent":
        """Remove what an order has taken; a cart whose lines are all ordered becomes empty."""
        cart = self.cart.minus(quantities)
        if cart.is_empty:
            return EMPTY_CART
        return self.with_cart(cart).without_codes(codes)

    def without_codes(self, codes: Collection[str]) -> "CartContent":
        """Remove codes that an order of other lines has used."""
        left = [each for each in self.codes if each not in codes]
        return self if len(left) == len(self.codes) else self.with_codes(left)


EMPTY_CART = CartContent()


@value
class CustomerCart:
    """The cart of a customer; `version` counts the saves, as that of a session does."""

    user_id: UUID
    content: CartContent
    version: int

    @classmethod
    def new(cls, user_id: UUID) -> "CustomerCart":
        """Return the empty cart of a customer who had none."""
        return cls(user_id=user_id, content=EMPTY_CART, version=0)

    def with_content(self, content: CartContent) -> "CustomerCart":
        """Replace the content."""
        return replace(self, content=content)


def _merge(own: Cart, visitors: Cart) -> Cart:
    quantities = {line.sku: line.quantity for line in own.lines}
    for line in visitors.lines:
        quantities[line.sku] = max(line.quantity, quantities.get(line.sku, 0))
    lines = [LineQuantity(sku=sku, quantity=each) for sku, each in quantities.items()]
    return Cart(lines=tuple(lines[:MAX_LINES]))
