"""Prices the new orders of a group by the rules that their unit of work sees."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from shop.application.checkout.address_checks import AddressChecks
from shop.application.ports.metrics import TAKEN, UNCOUNTED, Metrics
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.pricing.order_promotions import OrderPromotions
from shop.application.pricing.quote_cart import CartFacts, CartQuotes, CartToPrice
from shop.application.pricing.rule_book import RuleBook
from shop.application.pricing.rules_in_force import RulesInForce
from shop.domain.cart import Cart
from shop.domain.catalogue.variant import SoldVariant
from shop.domain.orders.order import Order
from shop.domain.orders.order_details import OrderDetails
from shop.domain.orders.order_pricing import OrderPricing
from shop.domain.pricing.promotions.promotion_uses import PromotionCustomer
from shop.domain.pricing.quote_errors import require_no_problems
from shop.domain.shared.money import Currency, Money
from shop.domain.shared.value import value


@value
class OrderToPrice:
    """What a new order is priced by, with the details in their normal form; a guest is no user."""

    cart: Cart
    details: OrderDetails
    user_id: UUID | None

    @property
    def guest_email_key(self) -> str | None:
        """The guest's e-mail address in the form by which customers differ."""
        return self.details.email_key if self.user_id is None else None

    @property
    def customer(self) -> PromotionCustomer:
        """For whom the uses of promotions are counted."""
        return PromotionCustomer(user_id=self.user_id, email_key=self.guest_email_key)


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


@value
class QuotedGroup:
    """What prices a group of orders by rules: each with the uses that the ones before have left."""

    quotes: CartQuotes
    promotions: OrderPromotions


class OrderPrices:
    """Prices orders one after the other; each is quoted, unless no rule can change a price."""

    def __init__(
        self, variants: Mapping[str, SoldVariant], currency: Currency, group: QuotedGroup | None
    ) -> None:
        self._variants = variants
        self._currency = currency
        self._group = group

    @classmethod
    async def load(
        cls,
        uow: UnitOfWork,
        in_force: RulesInForce,
        at: datetime,
        orders: Sequence[OrderToPrice],
        variants: Mapping[str, SoldVariant],
    ) -> "OrderPrices":
        """Look up what the rules ask of these orders, and lock the promotions they could have.

        In a shop without rules, there is nothing to look up and to lock.
        """
        rules, group = in_force.rules, None
        has_choices = any(each.details.codes or each.details.shipping_method for each in orders)
        if has_choices or not rules.leave_prices_alone:
            carts = [_cart_to_price(each, variants) for each in orders]
            facts = await CartFacts.load(uow, in_force, at, carts, variants)
            promotions = await OrderPromotions.load(uow, facts)
            quotes = CartQuotes(facts, promotions.usage)
            group = QuotedGroup(quotes=quotes, promotions=promotions)
        return cls(variants, rules.currency, group)

    def price(self, order: OrderToPrice) -> OrderPrice:
        """Return what an order costs whose variants are all for sale.

        Raise `CodeNotFound`, `CodeUsedUp`, `CodeNotApplicable`, `AddressRequired` or
        `ShippingUnavailable`.
        """
        if self._group is None:
            variants, currency = self._variants, self._currency
            amounts = (variants[line.sku].price * line.quantity for line in order.cart.lines)
            return OrderPrice(total=Money.total(amounts, currency), pricing=None)
        quote = self._group.quotes.quote(_cart_to_price(order, self._variants))
        require_no_problems(quote.problems)
        pricing = OrderPricing.of(quote)
        return OrderPrice(total=quote.total, pricing=None if pricing.is_plain else pricing)

    def take_promotions(self, order: Order, priced: OrderToPrice) -> None:
        """Stage the uses of promotions of an order that was priced here.

        Raise `TransientFailure` if staff have changed one of them meanwhile.
        """
        if self._group is not None:
            self._group.promotions.take(order, priced.customer)


def _cart_to_price(order: OrderToPrice, variants: Mapping[str, SoldVariant]) -> CartToPrice:
    return CartToPrice.of(
        order.cart,
        order.details,
        variants=variants,
        user_id=order.user_id,
        guest_email_key=order.guest_email_key,
    )


class OrderPricer:
    """Loads what prices new orders, and counts the promotions that they have taken."""

    def __init__(
        self, rule_book: RuleBook, addresses: AddressChecks, metrics: Metrics = UNCOUNTED
    ) -> None:
        self.addresses = addresses
        """Finds faults in the addresses that orders take from carts."""
        self._rule_book = rule_book
        self._metrics = metrics

    @property
    def known_rules(self) -> int:
        """The version of the rules that are kept, for reading ahead."""
        return self._rule_book.known_version

    def known_promotions(self, at: datetime) -> Collection[str]:
        """Return the promotions without a code in those rules, for reading ahead."""
        known = self._rule_book.known_rules
        return () if known is None else [each.slug for each in known.automatic_at(at)]

    async def load(
        self,
        uow: UnitOfWork,
        at: datetime,
        orders: Sequence[OrderToPrice],
        variants: Mapping[str, SoldVariant],
    ) -> OrderPrices:
        """Return the prices of orders by the rules that the unit of work sees."""
        return await OrderPrices.load(uow, await self._rule_book.rules(uow), at, orders, variants)

    def count(self, placed: Iterable[Order]) -> None:
        """Count the promotions of orders that are committed."""
        for order in placed:
            if order.discounts:
                self._metrics.promotions_used(TAKEN, len(order.discounts))
