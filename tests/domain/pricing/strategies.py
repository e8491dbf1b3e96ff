"""Random carts and rules, small enough that ties and remainders are common."""

from datetime import timedelta

from hypothesis import strategies as st

from shop.domain.pricing.cart_to_quote import (
    Buyer,
    CartToQuote,
    EnteredCode,
    LineToQuote,
    UsesSoFar,
)
from shop.domain.pricing.goods import Selection
from shop.domain.pricing.places import Area, Destination
from shop.domain.pricing.promotions.amount import Amount
from shop.domain.pricing.promotions.buy_x_get_y import BuyXGetY
from shop.domain.pricing.promotions.effect import Effect, Target
from shop.domain.pricing.promotions.fixed_price import FixedPrice
from shop.domain.pricing.promotions.free_shipping import FreeShipping
from shop.domain.pricing.promotions.percentage import Percentage
from shop.domain.pricing.promotions.promotion import Conditions, Promotion
from shop.domain.pricing.promotions.tiers import Tier, Tiers
from shop.domain.pricing.rules import PricingRules, TaxRounding
from shop.domain.pricing.shipping.by_amount import AmountStep, ByAmount
from shop.domain.pricing.shipping.by_weight import ByWeight, WeightStep
from shop.domain.pricing.shipping.category_tax import CategoryTax
from shop.domain.pricing.shipping.highest_tax import HighestTax
from shop.domain.pricing.shipping.price_scale import PriceScale
from shop.domain.pricing.shipping.shared_tax import SharedTax
from shop.domain.pricing.shipping.shipping_method import ShippingMethod
from shop.domain.pricing.shipping.shipping_tax import ShippingTax
from shop.domain.pricing.shipping.shipping_zone import ShippingZone
from shop.domain.pricing.taxes.tax_rate import TaxRate
from shop.domain.pricing.taxes.tax_table import TaxTable
from tests.domain.pricing.examples import BERLIN, EUR, NOW, eur

CATEGORIES = ("standard", "reduced", "medicine")
HOUR = timedelta(hours=1)

prices = st.one_of(st.integers(1, 12), st.integers(1, 3_000), st.sampled_from([1999, 49, 1]))
percentages = st.one_of(
    st.sampled_from([100_000, 50_000, 33_333, 10_000, 1]), st.integers(1, 100_000)
)
groups = st.sets(st.sampled_from(["tea", "gifts"])).map(frozenset)


@st.composite
def lines(draw: st.DrawFn) -> LineToQuote:
    product = draw(st.sampled_from("ABCD"))
    return LineToQuote(
        sku=product,
        product=product,
        categories=draw(groups),
        quantity=draw(st.integers(1, 7)),
        unit_price=eur(draw(prices)),
        tax_category=draw(st.sampled_from(CATEGORIES)),
        weight_grams=draw(st.sampled_from([0, 250, 1_000])),
        ships=draw(st.sampled_from([True, True, True, False])),
    )


MOSTLY_NONE = st.sampled_from([True, True, False])
selections = MOSTLY_NONE.flatmap(
    lambda is_everything: (
        st.just(Selection())
        if is_everything
        else st.builds(
            Selection,
            products=st.sets(st.sampled_from("ABCD"), max_size=2).map(frozenset),
            categories=groups,
        )
    )
)


def effects() -> st.SearchStrategy[Effect]:
    tiers = st.one_of(
        st.lists(
            st.builds(Tier, percentage=percentages, from_quantity=st.integers(1, 12)),
            min_size=1,
            max_size=3,
        ),
        st.lists(
            st.builds(Tier, percentage=percentages, from_amount=prices.map(eur)),
            min_size=1,
            max_size=3,
        ),
    )
    return st.one_of(
        st.builds(Percentage, percentage=percentages),
        st.builds(Amount, amount=prices.map(eur)),
        st.builds(FixedPrice, price=(prices | st.just(0)).map(eur)),
        st.just(FreeShipping()),
        st.builds(BuyXGetY, buy=st.integers(1, 3), get=st.integers(1, 3), percentage=percentages),
        st.builds(Tiers, tiers=tiers.map(tuple)),
    )


conditions = st.builds(
    Conditions,
    minimum=st.none() | prices.map(eur),
    is_for_first_order=st.booleans(),
    group=st.sampled_from([None, None, "friends"]),
    selection=selections,
)
times = st.sampled_from([None, None, None, NOW - HOUR, NOW])


@st.composite
def promotions(draw: st.DrawFn, slug: str) -> Promotion:
    ends_at = draw(st.sampled_from([None] * 8 + [NOW, NOW + HOUR]))
    starts_at = draw(times)
    return Promotion(
        slug=slug,
        name=slug.title(),
        requires_code=draw(st.sampled_from([False, False, True])),
        active=draw(st.sampled_from([True] * 9 + [False])),
        starts_at=None if starts_at == ends_at else starts_at,
        ends_at=ends_at,
        conditions=draw(
            MOSTLY_NONE.flatmap(lambda each: st.just(Conditions()) if each else conditions)
        ),
        effect=draw(effects()),
        target=draw(st.sampled_from(Target)),
        selection=draw(selections),
        combinable=draw(st.sampled_from([True, True, True, False])),
        limit=draw(st.sampled_from([None, None, None, 2])),
        limit_per_customer=draw(st.sampled_from([None, None, None, 1])),
    )


destinations = st.builds(
    Destination,
    country=st.sampled_from(["DE", "DE", "FR", "US"]),
    region=st.sampled_from([None, "BY"]),
    postal_code=st.sampled_from([None, "10115", "80331"]),
)
SLUGS = ("alpha", "beta", "gamma", "delta", "omega")


@st.composite
def carts(draw: st.DrawFn) -> CartToQuote:
    counts = st.integers(0, 2)
    entered = draw(st.sets(st.sampled_from([*SLUGS, "unknown"])))
    return CartToQuote(
        lines=tuple(
            draw(st.lists(lines(), min_size=draw(st.sampled_from([0, 1, 2, 2, 3])), max_size=6))
        ),
        buyer=Buyer(
            groups=draw(st.sampled_from([frozenset(), frozenset({"friends"})])),
            has_ordered=draw(st.booleans()),
            vat_country=draw(st.sampled_from([None, None, "DE", "FR", "EL", "US"])),
        ),
        destination=draw(st.sampled_from([None, BERLIN, BERLIN]) | destinations),
        shipping_method=draw(st.sampled_from(["parcel"] * 5 + ["pick-up", None])),
        codes=tuple(
            EnteredCode(
                code=each.upper(),
                promotion=None if each == "unknown" else each,
                is_used_up=draw(st.sampled_from([False] * 5 + [True])),
            )
            for each in sorted(entered)
        ),
        uses={
            each: UsesSoFar(by_all=draw(counts), by_customer=draw(counts))
            for each in draw(st.sets(st.sampled_from(SLUGS)))
        },
    )


def price_scales() -> st.SearchStrategy[PriceScale]:
    amounts = st.sets(st.integers(0, 5_000), min_size=1, max_size=3).map(sorted)
    return st.one_of(
        st.tuples(amounts, st.lists(st.integers(0, 900), min_size=3, max_size=3)).map(
            lambda both: ByAmount(
                steps=tuple(
                    AmountStep(from_amount=eur(start), price=eur(price))
                    for start, price in zip(both[0], both[1], strict=False)
                )
            )
        ),
        st.lists(st.integers(0, 900), min_size=2, max_size=2).map(
            lambda each: ByWeight(
                steps=(
                    WeightStep(from_weight_grams=0, price=eur(each[0])),
                    WeightStep(from_weight_grams=1_500, price=eur(each[1])),
                )
            )
        ),
    )


def shipping_taxes() -> st.SearchStrategy[ShippingTax]:
    return st.one_of(
        st.just(SharedTax()),
        st.just(HighestTax()),
        st.builds(CategoryTax, category=st.sampled_from(CATEGORIES)),
    )


@st.composite
def tax_tables(draw: st.DrawFn) -> TaxTable:
    def rate(slug: str, category: str, area: Area, thousandths: int) -> TaxRate:
        return TaxRate(
            slug=slug,
            name=slug,
            category=category,
            area=area,
            rate=thousandths,
            valid_from=draw(st.sampled_from([None, NOW - HOUR])),
            valid_until=draw(st.sampled_from([None, NOW + HOUR])),
            reason=None if thousandths else draw(st.sampled_from([None, "exempt"])),
        )

    germany = frozenset({"DE"})
    areas = {
        "de": Area(countries=germany),
        "by": Area(countries=germany, regions=frozenset({"BY"})),
        "10": Area(countries=germany, postal_codes=frozenset({"10*"})),
        "us": Area(countries=frozenset({"US"})),
    }
    usual = [(category, "de") for category in CATEGORIES]
    others = st.sets(st.tuples(st.sampled_from(CATEGORIES), st.sampled_from(sorted(areas))))
    chosen = draw(others) | set(draw(st.sampled_from([usual, usual, usual, []])))
    rates = st.sampled_from([0, 19_000, 19_000, 7_000, 5_500, 20_000, 60_000])
    return TaxTable.of(
        [
            rate(f"{place}-{category}", category, areas[place], draw(rates))
            for category, place in sorted(chosen)
        ]
    )


@st.composite
def pricing_rules(draw: st.DrawFn) -> PricingRules:
    zone = ShippingZone(slug="de", name="Germany", area=Area(countries=frozenset({"DE", "FR"})))
    free_from = st.sampled_from([None, None, eur(500), eur(3_000)])
    least = draw(st.sampled_from([0, 1, 2, 3]))
    slugs = sorted(draw(st.sets(st.sampled_from(SLUGS), min_size=least, max_size=4)))
    return PricingRules(
        currency=EUR,
        home=Destination(country=draw(st.sampled_from(["DE", "DE", "DE", "US"]))),
        prices_include_tax=draw(st.booleans()),
        tax_rounding=draw(st.sampled_from(TaxRounding)),
        tax_table=draw(tax_tables()),
        shipping_zones=draw(st.sampled_from([(zone,), (zone,), (zone,), ()])),
        shipping_methods=tuple(
            ShippingMethod(
                code=name,
                name=name.title(),
                zone="de",
                prices=draw(price_scales()),
                free_from=draw(free_from),
                is_pick_up=name == "pick-up",
                tax=draw(shipping_taxes()),
                active=draw(st.sampled_from([True] * 9 + [False])),
            )
            for name in ("parcel", "pick-up")
        ),
        promotions=tuple(draw(promotions(each)) for each in slugs),
    )
