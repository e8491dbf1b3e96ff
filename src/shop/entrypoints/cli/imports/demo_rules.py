"""Demonstration data for prices: where the shop ships, how, and what it reduces."""

from collections.abc import Sequence

from shop.domain.pricing.goods import Selection
from shop.domain.pricing.places import Area
from shop.domain.pricing.promotions.buy_x_get_y import BuyXGetY
from shop.domain.pricing.promotions.effect import Effect, Target
from shop.domain.pricing.promotions.percentage import Percentage
from shop.domain.pricing.promotions.promotion import Conditions, Promotion
from shop.domain.pricing.rule_document import Rule
from shop.domain.pricing.shipping.by_weight import ByWeight, WeightStep
from shop.domain.pricing.shipping.shared_tax import SharedTax
from shop.domain.pricing.shipping.shipping_method import ShippingMethod
from shop.domain.pricing.shipping.shipping_zone import ShippingZone
from shop.domain.shared.money import Currency, Money

COUNTRIES = frozenset({"AT", "DE", "FR"})
TAX_CATEGORIES = frozenset({"standard", "reduced"})
CODE = "WELCOME10"

_ZONE = "nearby"
_PER_CENT = 1_000


def demo_rules(currency: Currency) -> Sequence[Rule]:
    """Return a zone, its methods, and promotions; amounts are in minor units of the currency."""
    return [
        ShippingZone(slug=_ZONE, name="Germany, Austria, France", area=Area(countries=COUNTRIES)),
        _method(
            "parcel",
            name="Parcel",
            prices={0: 490, 2_000: 690, 10_000: 1_490},
            currency=currency,
            free_from=Money(amount=7_500, currency=currency),
            estimate="2 to 4 days",
        ),
        _method(
            "pick-up", name="Pick-up at the shop", prices={0: 0}, currency=currency, is_pick_up=True
        ),
        _promotion(
            "tea-3-for-2",
            name="Three teas for the price of two",
            effect=BuyXGetY(buy=2, get=1, percentage=100 * _PER_CENT),
            selection=Selection(categories=frozenset({"tea"})),
        ),
        _promotion(
            "welcome",
            name="10 % off, once",
            effect=Percentage(percentage=10 * _PER_CENT),
            code=CODE,
            limit_per_customer=1,
        ),
    ]


def _method(
    code: str,
    *,
    name: str,
    prices: dict[int, int],
    currency: Currency,
    free_from: Money | None = None,
    estimate: str | None = None,
    is_pick_up: bool = False,
) -> ShippingMethod:
    """Return a method with the prices from each weight in grams on."""
    steps = [
        WeightStep(from_weight_grams=grams, price=Money(amount=price, currency=currency))
        for grams, price in prices.items()
    ]
    return ShippingMethod(
        code=code,
        name=name,
        zone=_ZONE,
        prices=ByWeight(steps=tuple(steps)),
        free_from=free_from,
        is_pick_up=is_pick_up,
        tax=SharedTax(),
        active=True,
        estimate=estimate,
    )


def _promotion(
    slug: str,
    *,
    name: str,
    effect: Effect,
    selection: Selection = Selection(),  # noqa: B008  A value, which never changes.
    code: str | None = None,
    limit_per_customer: int | None = None,
) -> Promotion:
    """Return a promotion for all customers that can be combined with others."""
    return Promotion(
        slug=slug,
        name=name,
        requires_code=code is not None,
        active=True,
        starts_at=None,
        ends_at=None,
        conditions=Conditions(),
        effect=effect,
        target=Target.ORDER,
        selection=selection,
        combinable=True,
        limit=None,
        limit_per_customer=limit_per_customer,
        code=code,
    )
