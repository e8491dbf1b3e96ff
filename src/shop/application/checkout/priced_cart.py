"""Carts as customers see them: priced by the quote that would decide the order."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Self
from uuid import UUID

from shop.application.checkout.address_checks import AddressChecks
from shop.application.identity.session_carts import SessionCarts
from shop.application.ports.clock import Clock
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.pricing.pricing_policy import PricingPolicy
from shop.application.pricing.quote_cart import CartQuotes, CartToPrice, ShippingOption
from shop.application.pricing.rule_book import RuleBook
from shop.domain.address import InvalidAddress
from shop.domain.cart_problems import CartProblem, find_cart_problems
from shop.domain.catalogue.product import ProductNotFound
from shop.domain.catalogue.variant import ChosenOption, SoldVariant
from shop.domain.customer_cart import EMPTY_CART, CartContent
from shop.domain.inventory import Inventory
from shop.domain.orders.order_details import OrderDetails
from shop.domain.pricing.quoted import Quote, QuoteProblem
from shop.domain.session import Session
from shop.domain.shared.line_quantity import LineQuantity
from shop.domain.shared.money import Currency, Money
from shop.domain.shared.value import value


@value
class PricedLine:
    """A cart line at its current price, with its available stock and the codes of problems.

    One whose variant does not exist has its SKU as its name, and costs nothing. `discount` and
    `tax` are the line's shares.
    """

    sku: str
    name: str
    options: Sequence[ChosenOption]
    quantity: int
    unit_price: Money
    discount: Money
    tax: Money
    available: int
    problems: Sequence[str] = ()

    @property
    def amount(self) -> Money:
        """The price of the whole line before discounts."""
        return self.unit_price * self.quantity


@value
class PricedCart:
    """A cart at current prices; without `problems`, it can be ordered.

    The quote leaves out the lines whose variant does not exist.
    """

    lines: Sequence[PricedLine]
    details: OrderDetails
    quote: Quote
    problems: Sequence[CartProblem]

    @property
    def total(self) -> Money:
        """What the order would cost."""
        return self.quote.total


@value
class OwnedCart:
    """What is in a cart, and the customer whose it is; None for a visitor."""

    content: CartContent
    user_id: UUID | None

    @classmethod
    def of(cls, carts: SessionCarts, session: Session) -> Self:
        """Return the cart of a session."""
        return cls(content=carts.content(session), user_id=session.user_id)


class CartPricer:
    """Prices carts by the rules that a unit of work sees."""

    def __init__(
        self, rule_book: RuleBook, clock: Clock, policy: PricingPolicy, addresses: AddressChecks
    ) -> None:
        self._rule_book = rule_book
        self._clock = clock
        self._policy = policy
        self._addresses = addresses

    @property
    def known_rules(self) -> int:
        """The version of the rules that are kept, for reading ahead."""
        return self._rule_book.known_version

    @property
    def asks_beyond_cart(self) -> bool:
        """Whether the rules that are kept ask for more than what is read ahead with a cart."""
        known = self._rule_book.known_rules
        return known is not None and known.asks_beyond_cart(self._clock.now())

    async def can_price_read_ahead(self, uow: UnitOfWork, content: CartContent) -> bool:
        """Check whether what is read ahead with a cart is all that its price depends on."""
        in_force = await self._rule_book.rules(uow)
        return not (content.codes or in_force.asks_beyond_cart(self._clock.now()))

    async def load(
        self,
        uow: UnitOfWork,
        carts: Collection[OwnedCart],
        skus: Collection[str] = (),
        code: str | None = None,
    ) -> "CartPricing":
        """Load what prices these carts, also with these products or this code added."""
        wanted = {line.sku for each in carts for line in each.content.cart.lines} | set(skus)
        variants = await uow.variants.get_many(wanted) if wanted else {}
        inventories = await uow.inventories.get_many(wanted) if wanted else {}
        in_force = await self._rule_book.rules(uow)
        to_price = [_to_price(each, variants) for each in carts]
        if code is not None:
            to_price += [replace(each, codes=(code,)) for each in to_price]
        quotes = await CartQuotes.load(uow, in_force, self._clock.now(), to_price, variants)
        return CartPricing(self._policy.currency, variants, inventories, quotes)

    async def with_address_problems(self, cart: PricedCart) -> PricedCart:
        """Add what is wrong with the addresses of a cart, after its unit of work has ended.

        The rules of a country may have to be loaded first, for which no lock should be held.
        """
        addresses = list(cart.details.addresses)
        if not addresses:
            return cart
        faults = await self._addresses.find_faults(address for _, address in addresses)
        problems = [
            CartProblem(code=InvalidAddress.code, pointer=f"/{member}/{fault.member}")
            for member, address in addresses
            for fault in faults[address]
        ]
        return replace(cart, problems=[*cart.problems, *problems]) if problems else cart

    def empty(self) -> PricedCart:
        """Return the empty cart, which no rule changes."""
        currency = self._policy.currency
        return PricedCart(
            lines=(),
            details=EMPTY_CART.details,
            quote=Quote(
                currency=currency,
                prices_include_tax=self._policy.prices_include_tax,
                lines=(),
                shipping=None,
                discounts=(),
                taxes=(),
                problems=(),
                total=Money.zero(currency),
            ),
            problems=tuple(find_cart_problems(EMPTY_CART.cart, {}, {})),
        )


class CartPricing:
    """Prices the carts of a group, whose variants have been loaded."""

    def __init__(
        self,
        currency: Currency,
        variants: Mapping[str, SoldVariant],
        inventories: Mapping[str, Inventory],
        quotes: CartQuotes,
    ) -> None:
        self._currency = currency
        self._variants = variants
        self._inventories = inventories
        self._quotes = quotes

    def require_for_sale(self, sku: str) -> None:
        """Raise `ProductNotFound` unless the variant is for sale."""
        variant = self._variants.get(sku)
        if variant is None or not variant.is_for_sale:
            raise ProductNotFound(sku=sku)

    def price(self, cart: OwnedCart) -> PricedCart:
        """Price a cart, and say what would stop its order, except for addresses."""
        content = cart.content
        quote = self._quotes.quote(_to_price(cart, self._variants))
        of_lines = list(find_cart_problems(content.cart, self._variants, self._inventories))
        codes: dict[str, list[str]] = {}
        for problem in of_lines:
            if problem.sku is not None:
                codes.setdefault(problem.sku, []).append(problem.code)
        shares = {
            line.sku: (discount, tax)
            for line, discount, tax in zip(
                quote.lines, quote.line_discounts, quote.line_taxes, strict=True
            )
        }
        return PricedCart(
            lines=[
                self._line(line, codes.get(line.sku, ()), shares.get(line.sku, (0, 0)))
                for line in content.cart.lines
            ],
            details=content.details,
            quote=quote,
            problems=[*of_lines, *map(_problem, quote.problems)],
        )

    def problems_of_code(self, cart: OwnedCart, code: str) -> Sequence[QuoteProblem]:
        """Return why a code of a cart cannot be used, if it cannot."""
        problems = self._quotes.quote(_to_price(cart, self._variants)).problems
        return [each for each in problems if each.entered_code == code]

    def shipping_options(self, cart: OwnedCart) -> Sequence[ShippingOption]:
        """Return the methods that serve a cart, the cheapest first."""
        return self._quotes.shipping_options(_to_price(cart, self._variants))

    def _line(
        self, line: LineQuantity, problems: Sequence[str], shares: tuple[int, int]
    ) -> PricedLine:
        variant = self._variants.get(line.sku)
        discount, tax = (Money(amount=each, currency=self._currency) for each in shares)
        if variant is None:
            return PricedLine(
                sku=line.sku,
                name=line.sku,
                options=(),
                quantity=line.quantity,
                unit_price=Money.zero(self._currency),
                discount=discount,
                tax=tax,
                available=0,
                problems=problems,
            )
        return PricedLine(
            sku=line.sku,
            name=variant.name,
            options=variant.options,
            quantity=line.quantity,
            unit_price=variant.price,
            discount=discount,
            tax=tax,
            available=self._inventories[line.sku].available if variant.is_for_sale else 0,
            problems=problems,
        )


def _to_price(cart: OwnedCart, variants: Mapping[str, SoldVariant]) -> CartToPrice:
    return CartToPrice.of(
        cart.content.cart, cart.content.details, variants=variants, user_id=cart.user_id
    )


def _problem(problem: QuoteProblem) -> CartProblem:
    return CartProblem(
        code=problem.code,
        entered_code=problem.entered_code,
        order_id=problem.order_id,
        condition=problem.condition,
        method=problem.shipping_method,
    )
