"""Quotes the carts of a group: gathers what the rules ask, each thing once for all carts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime
from typing import Self
from uuid import UUID

from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.pricing.rules_in_force import RulesInForce
from shop.domain.cart import Cart
from shop.domain.catalogue.variant import SoldVariant
from shop.domain.orders.order_details import NO_DETAILS, OrderDetails
from shop.domain.pricing.cart_to_quote import (
    Buyer,
    CartToQuote,
    EnteredCode,
    LineToQuote,
    PromotionUses,
)
from shop.domain.pricing.places import Destination
from shop.domain.pricing.promotions.promotion_uses import (
    PromotionCounter,
    code_key,
    counter_key,
)
from shop.domain.pricing.quote import quote
from shop.domain.pricing.quoted import Quote
from shop.domain.pricing.shipping.shipping_method import ShippingMethod
from shop.domain.shared.line_quantity import LineQuantity
from shop.domain.shared.value import value


@value
class CartToPrice:
    """A cart or a new order, and what its customer has entered beside the lines.

    Codes are normalised. `uses_by_customer` has how often the customer has had each limited
    promotion.
    """

    cart: Cart
    user_id: UUID | None = None
    has_ordered: bool = False
    vat_country: str | None = None
    destination: Destination | None = None
    shipping_method: str | None = None
    codes: tuple[str, ...] = ()
    uses_by_customer: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        cart: Cart,
        details: OrderDetails,
        *,
        variants: Mapping[str, SoldVariant],
        user_id: UUID | None,
    ) -> Self:
        """Take what prices depend on from the details of a cart, or of a new order."""
        if details == NO_DETAILS:
            return cls(cart=cart, user_id=user_id)
        ships = any(line.sku in variants and variants[line.sku].ships for line in cart.lines)
        return cls(
            cart=cart,
            user_id=user_id,
            vat_country=details.vat_country,
            destination=details.destination(is_shipped=ships),
            shipping_method=details.shipping_method,
            codes=details.codes or (),
        )


@value
class ShippingOption:
    """A method that serves a cart, and its price before promotions."""

    method: ShippingMethod
    price: int


class CartQuotes:
    """Quotes carts by rules of one version, at one time.

    A line whose variant does not exist is left out; another problem of the cart stops its order.
    """

    def __init__(
        self,
        in_force: RulesInForce,
        at: datetime,
        *,
        variants: Mapping[str, SoldVariant],
        categories: Mapping[str, frozenset[str]],
        counters: Mapping[str, PromotionCounter],
        groups: Mapping[UUID, frozenset[str]],
    ) -> None:
        self._rules = in_force.rules
        self._limits = {
            each.slug: each.limit for each in in_force.rules.promotions if each.limit is not None
        }
        self._limited = in_force.limited
        self._at = at
        self._variants = variants
        self._categories = categories
        self._counters = counters
        self._groups = groups

    @classmethod
    async def load(
        cls,
        uow: UnitOfWork,
        in_force: RulesInForce,
        at: datetime,
        carts: Collection[CartToPrice],
        variants: Mapping[str, SoldVariant],
    ) -> "CartQuotes":
        """Look up what the rules ask of carts whose variants are known.

        Without promotions that ask for it, and without codes, nothing is looked up.
        """
        keys = {code_key(code) for each in carts for code in each.codes}
        keys |= {counter_key(each) for each in in_force.limited}
        users = {each.user_id for each in carts if each.user_id is not None}
        asks_for_groups = in_force.asks_for_groups and users
        return cls(
            in_force,
            at,
            variants=variants,
            categories=(
                await _load_categories(uow, {each.product for each in variants.values()})
                if in_force.selects_by_category
                else {}
            ),
            counters=await uow.promotion_counters.get_many(sorted(keys)) if keys else {},
            groups=await uow.customer_groups.of_users(users) if asks_for_groups else {},
        )

    def quote(self, cart: CartToPrice) -> Quote:
        """Return what a cart costs, with all that stops its order as far as prices know."""
        return quote(self._to_quote(cart), self._rules, self._at)

    def shipping_options(self, cart: CartToPrice) -> Sequence[ShippingOption]:
        """Return the methods that serve a cart, the cheapest first."""
        options = []
        for method in self._rules.shipping_methods:
            quoted = self.quote(replace(cart, shipping_method=method.code)).shipping
            if quoted is not None:
                options.append(ShippingOption(method=method, price=quoted.price))
        return sorted(options, key=lambda each: (each.price, each.method.code))

    def _to_quote(self, cart: CartToPrice) -> CartToQuote:
        variants = self._variants
        return CartToQuote(
            lines=tuple(
                self._line(line, variants[line.sku])
                for line in cart.cart.lines
                if line.sku in variants
            ),
            buyer=Buyer(
                groups=self._groups.get(cart.user_id, frozenset())
                if cart.user_id is not None
                else frozenset(),
                has_ordered=cart.has_ordered,
                vat_country=cart.vat_country,
            ),
            destination=cart.destination,
            shipping_method=cart.shipping_method,
            codes=tuple(map(self._entered, cart.codes)),
            uses={each: self._uses(each, cart) for each in self._limited},
        )

    def _line(self, line: LineQuantity, variant: SoldVariant) -> LineToQuote:
        return LineToQuote(
            sku=line.sku,
            product=variant.product,
            categories=self._categories.get(variant.product, frozenset()),
            quantity=line.quantity,
            unit_price=variant.price,
            tax_category=variant.tax_category,
            weight_grams=variant.weight_grams,
            ships=variant.ships,
        )

    def _entered(self, code: str) -> EnteredCode:
        counter = self._counters.get(code_key(code))
        if counter is None:
            return EnteredCode(code=code, promotion=None)
        return EnteredCode(
            code=code, promotion=counter.promotion, is_used_up=counter.uses_left == 0
        )

    def _uses(self, promotion: str, cart: CartToPrice) -> PromotionUses:
        counter, limit = self._counters.get(counter_key(promotion)), self._limits.get(promotion)
        left = None if counter is None else counter.uses_left
        return PromotionUses(
            by_all=0 if left is None or limit is None else limit - left,
            by_customer=cart.uses_by_customer.get(promotion, 0),
        )


async def _load_categories(
    uow: UnitOfWork, handles: Collection[str]
) -> Mapping[str, frozenset[str]]:
    """Return the categories of each product, and those above them."""
    tree = await uow.categories.tree()
    direct = await uow.categories.slugs_of(handles)
    return {handle: frozenset(tree.paths(slugs)) for handle, slugs in direct.items()}
