"""Prices the new orders of a group by the rules that their unit of work sees."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.pricing.order_promotions import OrderPromotions
from shop.application.pricing.quote_cart import CartQuotes, CartToPrice
from shop.application.pricing.rules_in_force import RulesInForce
from shop.domain.catalogue.variant import SoldVariant
from shop.domain.orders.order import Order
from shop.domain.orders.order_pricing import OrderPricing
from shop.domain.pricing.quote_errors import require_no_problems
from shop.domain.shared.money import Currency, Money
from shop.domain.shared.value import value


@value
class OrderPrice:
    """What a new order costs; `pricing` is None if its lines at their prices are all."""

    total: Money
    pricing: OrderPricing | None

    @property
    def shipping_method(self) -> str | None:
        """The method by which the order is shipped, if it is."""
        shipping = None if self.pricing is None else self.pricing.shipping
        return None if shipping is None else shipping.method


class OrderPrices:
    """Prices orders one after the other; each is quoted, unless no rule can change a price."""

    def __init__(
        self,
        variants: Mapping[str, SoldVariant],
        currency: Currency,
        quotes: CartQuotes | None,
        promotions: OrderPromotions | None,
    ) -> None:
        self._variants = variants
        self._currency = currency
        self._quotes = quotes
        self._promotions = promotions

    @classmethod
    async def load(
        cls,
        uow: UnitOfWork,
        in_force: RulesInForce,
        at: datetime,
        carts: Sequence[CartToPrice],
        variants: Mapping[str, SoldVariant],
    ) -> "OrderPrices":
        """Look up what the rules ask of these orders, and lock the uses that they can take.

        In a shop without rules, nothing is looked up or locked.
        """
        rules = in_force.rules
        if rules.leave_prices_alone and not any(each.codes for each in carts):
            return cls(variants, rules.currency, quotes=None, promotions=None)
        buyers = [each.codes_of_buyer for each in carts]
        promotions = await OrderPromotions.load(uow, in_force, buyers, at)
        quotes = await CartQuotes.load(uow, in_force, at, carts, variants, promotions.usage)
        return cls(variants, rules.currency, quotes, promotions)

    def price(self, cart: CartToPrice) -> OrderPrice:
        """Return what an order costs whose variants are all for sale.

        Raise `CodeNotFound`, `CodeUsedUp`, `CodeNotApplicable`, `AddressRequired` or
        `ShippingUnavailable`.
        """
        if self._quotes is None:
            variants, currency = self._variants, self._currency
            amounts = (variants[line.sku].price * line.quantity for line in cart.cart.lines)
            return OrderPrice(total=Money.total(amounts, currency), pricing=None)
        quote = self._quotes.quote(cart)
        require_no_problems(quote.problems)
        pricing = OrderPricing.of(quote)
        return OrderPrice(total=quote.total, pricing=None if pricing.is_plain else pricing)

    def take_promotions(self, order: Order) -> None:
        """Stage the uses of a new order, so that the next one is priced with what is left."""
        if self._promotions is not None:
            self._promotions.take(order)
