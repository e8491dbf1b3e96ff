"""Quotes the carts of a group: gathers what the rules ask, each thing once for all carts."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Self
from uuid import UUID

from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.pricing.promotion_usage import CodesOfBuyer, PromotionUsage
from shop.application.pricing.rules_in_force import RulesInForce
from shop.domain.cart import Cart
from shop.domain.catalogue.variant import SoldVariant
from shop.domain.orders.order_details import NO_DETAILS, OrderDetails
from shop.domain.pricing.cart_shipping import find_methods
from shop.domain.pricing.cart_to_quote import (
    Buyer,
    CartToQuote,
    EnteredCode,
    LineToQuote,
    UsesSoFar,
)
from shop.domain.pricing.goods import Goods
from shop.domain.pricing.places import Destination
from shop.domain.pricing.promotions.applicability import ApplicabilityCheck
from shop.domain.pricing.promotions.promotion import Promotion
from shop.domain.pricing.promotions.promotion_uses import PromotionCustomer
from shop.domain.pricing.quote import quote
from shop.domain.pricing.quoted import Quote
from shop.domain.pricing.shipping.price_scale import ShippedGoods
from shop.domain.pricing.shipping.shipping_method import ShippingMethod
from shop.domain.shared.line_quantity import LineQuantity
from shop.domain.shared.value import value


@value
class CartToPrice:
    """A cart or a new order, and what its customer has entered beside the lines.

    The codes are normalised. A guest's new order has no `user_id`, but an e-mail address.
    """

    cart: Cart
    user_id: UUID | None = None
    guest_email_key: str | None = None
    vat_country: str | None = None
    destination: Destination | None = None
    shipping_method: str | None = None
    codes: tuple[str, ...] = ()

    @property
    def codes_of_buyer(self) -> CodesOfBuyer:
        """The codes, with their customer."""
        return CodesOfBuyer(customer=self.customer, codes=self.codes)

    @property
    def customer(self) -> PromotionCustomer | None:
        """For whom uses of promotions are counted; None for a visitor's cart."""
        if self.user_id is None and self.guest_email_key is None:
            return None
        return PromotionCustomer(user_id=self.user_id, email_key=self.guest_email_key)

    @classmethod
    def of(
        cls,
        cart: Cart,
        details: OrderDetails,
        *,
        variants: Mapping[str, SoldVariant],
        user_id: UUID | None,
        guest_email_key: str | None = None,
    ) -> Self:
        """Take what prices depend on from the details of a cart, or of a new order."""
        if details == NO_DETAILS:
            return cls(cart=cart, user_id=user_id)
        ships = any(line.sku in variants and variants[line.sku].ships for line in cart.lines)
        return cls(
            cart=cart,
            user_id=user_id,
            guest_email_key=guest_email_key,
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


class CartFacts:
    """What rules ask of the carts of a group, beside the uses of promotions."""

    def __init__(
        self,
        in_force: RulesInForce,
        at: datetime,
        *,
        carts: Collection[CartToPrice],
        variants: Mapping[str, SoldVariant],
        categories: Mapping[str, frozenset[str]],
        groups: Mapping[UUID, frozenset[str]],
    ) -> None:
        self.in_force = in_force
        self.at = at
        self._carts = carts
        self._variants = variants
        self._categories = categories
        self._groups = groups

    @classmethod
    async def load(
        cls,
        uow: UnitOfWork,
        in_force: RulesInForce,
        at: datetime,
        carts: Collection[CartToPrice],
        variants: Mapping[str, SoldVariant],
    ) -> Self:
        """Look up what the rules ask of carts whose variants are known; hardly any asks."""
        users = {each.user_id for each in carts if each.user_id is not None}
        asks_for_groups = in_force.asks_for_groups and users
        return cls(
            in_force,
            at,
            carts=carts,
            variants=variants,
            categories=(
                await uow.categories.paths_of({each.product for each in variants.values()})
                if in_force.selects_by_category
                else {}
            ),
            groups=await uow.customer_groups.of_users(users) if asks_for_groups else {},
        )

    @property
    def buyers(self) -> Sequence[CodesOfBuyer]:
        """The customers of the carts, with their codes."""
        return [each.codes_of_buyer for each in self._carts]

    def find_automatic(self) -> tuple[Promotion, ...]:
        """Return the promotions without a code that some cart could have, if uses are left.

        If none is limited, all are returned: then it saves nothing to check them.
        """
        automatic = self.in_force.automatic_at(self.at)
        if not any(each.is_limited for each in automatic):
            return automatic
        found: set[str] = set()
        for each in self._carts:
            cart = self.to_quote(each, codes=(), uses={}, has_ordered=False)
            check = ApplicabilityCheck(cart, Goods(cart.lines), self.at)
            found |= {promotion.slug for promotion in automatic if check.fulfils(promotion)}
        return tuple(promotion for promotion in automatic if promotion.slug in found)

    def to_quote(
        self,
        cart: CartToPrice,
        *,
        codes: tuple[EnteredCode, ...],
        uses: Mapping[str, UsesSoFar],
        has_ordered: bool,
    ) -> CartToQuote:
        """Return a cart as it is quoted, with what is used of promotions."""
        variants, user_id = self._variants, cart.user_id
        groups = frozenset[str]() if user_id is None else self._groups.get(user_id, frozenset())
        return CartToQuote(
            lines=tuple(
                self._line(line, variants[line.sku])
                for line in cart.cart.lines
                if line.sku in variants
            ),
            buyer=Buyer(groups=groups, has_ordered=has_ordered, vat_country=cart.vat_country),
            destination=cart.destination,
            shipping_method=cart.shipping_method,
            codes=codes,
            uses=uses,
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


class CartQuotes:
    """Quotes carts by rules of one version, at one time.

    A line whose variant does not exist is left out; another problem of the cart stops its order.
    """

    def __init__(self, facts: CartFacts, usage: PromotionUsage) -> None:
        self._rules = facts.in_force.rules
        self._at = facts.at
        self._facts = facts
        self._usage = usage

    @classmethod
    async def load(
        cls,
        uow: UnitOfWork,
        in_force: RulesInForce,
        at: datetime,
        carts: Collection[CartToPrice],
        variants: Mapping[str, SoldVariant],
    ) -> Self:
        """Look up what the rules ask of carts that are shown, and whose variants are known.

        Without promotions that ask for it, and without codes, nothing is looked up. Carts can be
        quoted with other lines than they have now, as long as the variants are known.
        """
        facts = await CartFacts.load(uow, in_force, at, carts, variants)
        return cls(facts, await PromotionUsage.read(uow, in_force, facts.buyers, at))

    def quote(self, cart: CartToPrice) -> Quote:
        """Return what a cart costs, with all that stops its order as far as prices know."""
        return quote(self._to_quote(cart), self._rules, self._at)

    def shipping_options(self, cart: CartToPrice) -> Sequence[ShippingOption]:
        """Return the methods that serve a cart, the cheapest first.

        One quote, with the chosen method, says what discounts leave of the goods. Each method is
        priced by that, and quoted again when it is chosen.
        """
        to_quote = self._to_quote(cart)
        shipped = Goods(to_quote.lines).shipped if self._rules.shipping_zones else ()
        methods = find_methods(to_quote, self._rules) if shipped else ()
        lines = [to_quote.lines[position] for position in shipped]
        amount = sum(line.unit_price.amount * line.quantity for line in lines)
        if any(method.price_depends_on_amount for method in methods):
            discounts = quote(to_quote, self._rules, self._at).line_discounts
            amount -= sum(discounts[position] for position in shipped)
        goods = ShippedGoods(lines=lines, amount=amount)
        priced = [(method, method.price(goods)) for method in methods]
        options = [
            ShippingOption(method=method, price=price)
            for method, price in priced
            if price is not None
        ]
        return sorted(options, key=lambda each: (each.price, each.method.code))

    def _to_quote(self, cart: CartToPrice) -> CartToQuote:
        usage, customer = self._usage, cart.customer
        codes = tuple(usage.entered(each, customer) for each in cart.codes)
        return self._facts.to_quote(
            cart,
            codes=codes,
            uses=usage.so_far(codes, customer),
            has_ordered=usage.has_ordered(customer),
        )
