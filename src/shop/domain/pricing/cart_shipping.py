"""The shipping of a cart: the chosen method and its price, or why there is none."""

from collections.abc import Sequence

from shop.domain.pricing.cart_to_quote import CartToQuote
from shop.domain.pricing.goods import Goods
from shop.domain.pricing.places import Destination
from shop.domain.pricing.quoted import QuoteProblem
from shop.domain.pricing.rules import PricingRules
from shop.domain.pricing.shipping.price_scale import ShippedGoods
from shop.domain.pricing.shipping.shipping_method import ShippingMethod
from shop.domain.shared.value import value

ADDRESS_REQUIRED = "address-required"
SHIPPING_UNAVAILABLE = "shipping-unavailable"


@value
class ShippingChoice:
    """A method at its price, or a problem; neither if nothing has to be shipped."""

    method: ShippingMethod | None = None
    price: int = 0
    problem: QuoteProblem | None = None


NO_SHIPPING = ShippingChoice()


class CartShipping:
    """The shipping of one cart, with whatever promotions.

    `method` is the chosen one. It is None if nothing has to be shipped, or the method does not
    serve the destination. A shop without zones ships nothing; but a method that does not exist is a
    problem wherever it is chosen.
    """

    def __init__(self, cart: CartToQuote, rules: PricingRules, goods: Goods) -> None:
        self._cart = cart
        self._shipped = goods.shipped if rules.shipping_zones else ()
        self.method = _find_method(cart, rules) if self._shipped else None
        unknown = find_unknown_method(cart, rules)
        self._unshipped = NO_SHIPPING if unknown is None else ShippingChoice(problem=unknown)
        self._lines = [cart.lines[position] for position in self._shipped]

    def choose(self, left: Sequence[int]) -> ShippingChoice:
        """Price the method by what is left of each line."""
        if not self._shipped:
            return self._unshipped
        if self.method is not None:
            amount = sum([left[position] for position in self._shipped])
            price = self.method.price(ShippedGoods(lines=self._lines, amount=amount))
            if price is not None:
                return ShippingChoice(method=self.method, price=price)
        elif self._cart.destination is None:
            return ShippingChoice(problem=QuoteProblem(code=ADDRESS_REQUIRED))
        chosen = self._cart.shipping_method
        problem = QuoteProblem(code=SHIPPING_UNAVAILABLE, shipping_method=chosen)
        return ShippingChoice(problem=problem)

    def find_place_of_sale(self, home: Destination) -> Destination:
        """Return where the sale is taxed: at home if that is not known, or for pick-up."""
        is_pick_up = self.method is not None and self.method.is_pick_up
        return home if is_pick_up or self._cart.destination is None else self._cart.destination


def find_unknown_method(cart: CartToQuote, rules: PricingRules) -> QuoteProblem | None:
    """Return the problem of a chosen method that the shop does not have."""
    chosen = cart.shipping_method
    if chosen is None or any(method.code == chosen for method in rules.shipping_methods):
        return None
    return QuoteProblem(code=SHIPPING_UNAVAILABLE, shipping_method=chosen)


def find_methods(cart: CartToQuote, rules: PricingRules) -> Sequence[ShippingMethod]:
    """Return the methods that serve the destination of a cart, whatever they cost."""
    destination = cart.destination
    zones = tuple(
        zone
        for zone in rules.shipping_zones
        if destination is not None and zone.area.contains(destination)
    )
    slugs = {zone.slug for zone in zones}
    # Not all zones are asked for each method.
    return [
        method
        for method in rules.shipping_methods
        if (method.is_pick_up or method.zone in slugs) and method.serves(destination, zones)
    ]


def _find_method(cart: CartToQuote, rules: PricingRules) -> ShippingMethod | None:
    for method in rules.shipping_methods:
        if method.code == cart.shipping_method:
            return method if method.serves(cart.destination, rules.shipping_zones) else None
    return None
