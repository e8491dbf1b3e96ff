"""Quotes one cart again and again: 10 lines at two rates, shipping, and 5 promotions.

`python -m bench.limits.quote_loop SECONDS` prints statistics as JSON. The seconds are those of the
processor, so that a quote is compared with what an order costs the server.
"""

import json
import sys
import time
from datetime import UTC, datetime
from statistics import median, quantiles

from bench.fixtures import EUR
from shop.domain.pricing.cart_to_quote import Buyer, CartToQuote, LineToQuote
from shop.domain.pricing.goods import Selection
from shop.domain.pricing.places import Area, Destination
from shop.domain.pricing.promotions.amount import Amount
from shop.domain.pricing.promotions.buy_x_get_y import BuyXGetY
from shop.domain.pricing.promotions.effect import Effect, Target
from shop.domain.pricing.promotions.free_shipping import FreeShipping
from shop.domain.pricing.promotions.percentage import Percentage
from shop.domain.pricing.promotions.promotion import Conditions, Promotion
from shop.domain.pricing.promotions.tiers import Tier, Tiers
from shop.domain.pricing.quote import quote
from shop.domain.pricing.rules import PricingRules, TaxRounding
from shop.domain.pricing.shipping.by_amount import AmountStep, ByAmount
from shop.domain.pricing.shipping.shared_tax import SharedTax
from shop.domain.pricing.shipping.shipping_method import ShippingMethod
from shop.domain.pricing.shipping.shipping_zone import ShippingZone
from shop.domain.pricing.taxes.tax_rate import TaxRate
from shop.domain.pricing.taxes.tax_table import TaxTable
from shop.domain.shared.money import Money

LINES = 10
NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
GERMANY = Area(countries=frozenset({"DE"}))
TEA, MUGS = "tea", "mugs"
QUOTES_AT_ONCE = 100
"""Reading the time would take a part of the time of a single quote."""


def cart() -> CartToQuote:
    """Return a cart of mugs and tea, which have different rates."""
    return CartToQuote(
        lines=tuple(_line(number) for number in range(LINES)),
        buyer=Buyer(),
        destination=Destination(country="DE", postal_code="10115"),
        shipping_method="parcel",
        codes=(),
        uses={},
    )


def rules() -> PricingRules:
    """Return two rates, a method taxed like the goods, and promotions that all apply."""
    return PricingRules(
        currency=EUR,
        home=Destination(country="DE"),
        prices_include_tax=True,
        tax_rounding=TaxRounding.DOCUMENT,
        tax_table=TaxTable.of([_rate(MUGS, 19_000), _rate(TEA, 7_000)]),
        shipping_zones=(ShippingZone(slug="de", name="Germany", area=GERMANY),),
        shipping_methods=(
            ShippingMethod(
                code="parcel",
                name="Parcel",
                zone="de",
                prices=ByAmount(steps=(AmountStep(from_amount=_eur(0), price=_eur(490)),)),
                free_from=None,
                is_pick_up=False,
                tax=SharedTax(),
                active=True,
            ),
        ),
        promotions=(
            _promotion("amount", Amount(amount=_eur(500))),
            _promotion("free-shipping", FreeShipping()),
            _promotion("mugs", BuyXGetY(buy=2, get=1, percentage=50_000), MUGS),
            _promotion("percentage", Percentage(percentage=10_000)),
            _promotion("tea", Tiers(tiers=(Tier(percentage=5_000, from_quantity=3),)), TEA),
        ),
    )


def run(*, seconds: float) -> dict[str, float]:
    """Quote for some seconds of processor time, at least once; return the statistics."""
    sold, shop = cart(), rules()
    times: list[float] = []
    while sum(times) < seconds or len(times) <= 1:
        began = time.process_time()
        for _ in range(QUOTES_AT_ONCE):
            quote(sold, shop, NOW)
        times.append(time.process_time() - began)
    milliseconds = [each / QUOTES_AT_ONCE * 1000 for each in times]
    return {
        "seconds": sum(times),
        "quotes": len(times) * QUOTES_AT_ONCE,
        "p50_ms": median(milliseconds),
        "p99_ms": quantiles(milliseconds, n=100)[-1],
    }


def _line(number: int) -> LineToQuote:
    category = TEA if number % 2 else MUGS
    return LineToQuote(
        sku=f"S{number}",
        product=f"P{number}",
        categories=frozenset({category}),
        quantity=1 + number % 3,
        unit_price=_eur(1999 + 137 * number),
        tax_category=category,
        weight_grams=250,
        ships=True,
    )


def _rate(category: str, rate: int) -> TaxRate:
    return TaxRate(
        slug=category,
        name=f"VAT {rate // 1000} %",
        category=category,
        area=GERMANY,
        rate=rate,
        valid_from=None,
        valid_until=None,
        reason=None,
    )


def _promotion(slug: str, effect: Effect, *categories: str) -> Promotion:
    return Promotion(
        slug=slug,
        name=slug,
        requires_code=False,
        active=True,
        starts_at=None,
        ends_at=None,
        conditions=Conditions(),
        effect=effect,
        target=Target.LINES if categories else Target.ORDER,
        selection=Selection(categories=frozenset(categories)),
        combinable=True,
        limit=None,
        limit_per_customer=None,
    )


def _eur(amount: int) -> Money:
    return Money(amount=amount, currency=EUR)


if __name__ == "__main__":
    (seconds,) = sys.argv[1:]
    print(json.dumps(run(seconds=float(seconds))))  # noqa: T201
