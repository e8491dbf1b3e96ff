"""The shipping of a cart: the chosen method and its price, or why there is none."""

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
    """A method that serves the cart, or a problem; neither if nothing has to be shipped."""

    method: ShippingMethod | None = None
    price: int = 0
    problem: QuoteProblem | None = None


NO_SHIPPING = ShippingChoice()


def needs_shipping(cart: CartToQuote, rules: PricingRules) -> bool:
    """Check for a line that ships, in a shop that has somewhere to ship to."""
    return bool(rules.shipping_zones) and any(line.ships for line in cart.lines)


def find_method(cart: CartToQuote, rules: PricingRules) -> ShippingMethod | None:
    """Return the chosen method, whether it serves the cart or not."""
    if not needs_shipping(cart, rules):
        return None
    methods = rules.shipping_methods
    return next((each for each in methods if each.code == cart.shipping_method), None)


def choose_shipping(
    cart: CartToQuote, rules: PricingRules, method: ShippingMethod | None, goods: Goods
) -> ShippingChoice:
    """Price the chosen method by what is left of the lines that ship."""
    if not needs_shipping(cart, rules):
        return NO_SHIPPING
    is_picked_up = method is not None and method.is_pick_up
    if cart.destination is None and not is_picked_up:
        return ShippingChoice(problem=QuoteProblem(code=ADDRESS_REQUIRED))
    if method is not None and method.serves(cart.destination, rules.shipping_zones):
        price = method.price(_shipped_goods(goods))
        if price is not None:
            return ShippingChoice(method=method, price=price)
    return ShippingChoice(
        problem=QuoteProblem(code=SHIPPING_UNAVAILABLE, shipping_method=cart.shipping_method)
    )


def tax_destination(
    cart: CartToQuote, rules: PricingRules, method: ShippingMethod | None
) -> Destination:
    """Return where the sale is taxed: at the seller if it is picked up there, or not known."""
    is_picked_up = method is not None and method.is_pick_up
    return rules.home if cart.destination is None or is_picked_up else cart.destination


def _shipped_goods(goods: Goods) -> ShippedGoods:
    lines, left, shipped = goods.lines, goods.left, goods.shipped
    return ShippedGoods(
        weight_grams=sum([lines[each].weight_grams * lines[each].quantity for each in shipped]),
        amount=sum([left[each] for each in shipped]),
    )
