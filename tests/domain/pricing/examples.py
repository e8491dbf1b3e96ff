"""Valid carts and rules, each to be made different in any field."""

from collections.abc import Mapping
from dataclasses import Field, replace
from datetime import UTC, datetime
from typing import Any, ClassVar, Protocol, TypeVar

from shop.domain.pricing.cart_to_quote import Buyer, CartToQuote, EnteredCode, LineToQuote
from shop.domain.pricing.goods import Selection
from shop.domain.pricing.places import Area, Destination
from shop.domain.pricing.promotions.effect import Effect, Target
from shop.domain.pricing.promotions.promotion import Conditions, Promotion
from shop.domain.pricing.rules import PricingRules, TaxRounding
from shop.domain.pricing.shipping.by_amount import AmountStep, ByAmount
from shop.domain.pricing.shipping.category_tax import CategoryTax
from shop.domain.pricing.shipping.shipping_method import ShippingMethod
from shop.domain.pricing.shipping.shipping_zone import ShippingZone
from shop.domain.pricing.taxes.tax_rate import TaxRate
from shop.domain.pricing.taxes.tax_table import TaxTable
from shop.domain.shared.money import Currency, Money

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
EUR = Currency("EUR")
BERLIN = Destination(country="DE", postal_code="10115")
STANDARD, REDUCED = "standard", "reduced"


def eur(amount: int) -> Money:
    return Money(amount=amount, currency=EUR)


def line(price: int, quantity: int = 1, /, **changes: object) -> LineToQuote:
    default = LineToQuote(
        sku="TEA",
        product="TEA",
        categories=frozenset(),
        quantity=quantity,
        unit_price=eur(price),
        tax_category=STANDARD,
        weight_grams=0,
        ships=True,
    )
    return _changed(default, changes)


def cart(*lines: LineToQuote, **changes: object) -> CartToQuote:
    default = CartToQuote(
        lines=lines,
        buyer=Buyer(),
        destination=BERLIN,
        shipping_method=None,
        codes=(),
        uses={},
    )
    return _changed(default, changes)


def rate(percent: int, category: str = STANDARD, /, **changes: object) -> TaxRate:
    """Return a rate of so many thousandths of a per cent, for Germany."""
    default = TaxRate(
        slug=f"de-{category}",
        name=f"VAT {category}",
        category=category,
        area=Area(countries=frozenset({"DE"})),
        rate=percent,
        valid_from=None,
        valid_until=None,
        reason=None,
    )
    return _changed(default, changes)


def method(price: int = 490, /, **changes: object) -> ShippingMethod:
    default = ShippingMethod(
        code="parcel",
        name="Parcel",
        zone="de",
        prices=ByAmount(steps=(AmountStep(from_amount=eur(0), price=eur(price)),)),
        free_from=None,
        is_pick_up=False,
        tax=CategoryTax(category=STANDARD),
        active=True,
    )
    return _changed(default, changes)


def promotion(effect: Effect, slug: str = "sale", /, **changes: object) -> Promotion:
    """Return a promotion that applies to every cart."""
    default = Promotion(
        slug=slug,
        name=slug.title(),
        requires_code=False,
        active=True,
        starts_at=None,
        ends_at=None,
        conditions=Conditions(),
        effect=effect,
        target=Target.ORDER,
        selection=Selection(),
        combinable=True,
        limit=None,
        limit_per_customer=None,
    )
    return _changed(default, changes)


def rules(*promotions: Promotion, **changes: object) -> PricingRules:
    """Return rules without tax and shipping."""
    default = PricingRules(
        currency=EUR,
        home=Destination(country="DE"),
        prices_include_tax=True,
        tax_rounding=TaxRounding.DOCUMENT,
        tax_table=TaxTable.of([]),
        shipping_zones=(),
        shipping_methods=(),
        promotions=tuple(sorted(promotions, key=lambda each: each.slug)),
    )
    return _changed(default, changes)


def taxed(*rates: TaxRate) -> TaxTable:
    return TaxTable.of(rates or (VAT_19, VAT_7))


def code(text: str, promotion: str | None = "sale", *, is_used_up: bool = False) -> EnteredCode:
    return EnteredCode(code=text, promotion=promotion, is_used_up=is_used_up)


class _Dataclass(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


E = TypeVar("E", bound=_Dataclass)


def _changed(entity: E, changes: Mapping[str, object]) -> E:
    return replace(entity, **changes)


VAT_19, VAT_7 = rate(19_000), rate(7_000, REDUCED)
GERMANY = ShippingZone(slug="de", name="Germany", area=Area(countries=frozenset({"DE"})))
