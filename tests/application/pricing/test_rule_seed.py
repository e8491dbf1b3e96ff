"""Rules for demonstrations: added once, with the checks of staff's own."""

from dataclasses import replace

import pytest

from shop.application.pricing.rule_documents import DeleteRule, PutRule
from shop.domain.pricing.goods import Selection
from shop.domain.pricing.places import Area
from shop.domain.pricing.promotions.percentage import Percentage
from shop.domain.pricing.rule_document import Rule, RuleKind, SellerCountryUnknown
from shop.domain.pricing.shipping.shipping_zone import ShippingZone
from shop.domain.shared.errors import InvalidValue
from tests.application.memory_shop import MemoryShop
from tests.clock import FakeClock
from tests.domain.pricing.examples import method, promotion, rate
from tests.doubles import SequentialIds

pytestmark = pytest.mark.anyio

ZONE = ShippingZone(slug="germany", name="Germany", area=Area(countries=frozenset({"DE"})))
PARCEL = method(zone=ZONE.slug)
WELCOME = promotion(
    Percentage(percentage=10_000), "welcome", requires_code=True, code="WELCOME10", limit=5
)
RULES: list[Rule] = [ZONE, PARCEL, WELCOME]


async def add_missing(shop: MemoryShop, *rules: Rule) -> int:
    return await shop.container.rule_seed().add_missing(rules)


def stored(shop: MemoryShop) -> list[Rule]:
    return [each.rule for each in shop.state.pricing_rules.rows.values()]


async def test_rules_may_name_those_before_them(shop: MemoryShop) -> None:
    assert await add_missing(shop, *RULES) == 3
    assert stored(shop) == RULES
    assert sorted(shop.state.promotion_counters.rows) == ["c:WELCOME10", "p:welcome"]


async def test_rules_are_added_once(shop: MemoryShop) -> None:
    await add_missing(shop, *RULES)
    before = shop.state
    assert await add_missing(shop, *RULES) == 0
    assert shop.state == before


async def test_rules_of_the_operator_stay(shop: MemoryShop) -> None:
    admin = await shop.admin()
    await add_missing(shop, *RULES)
    dearer = method(990, zone=ZONE.slug)
    await shop.container.rule_service().put(PutRule(session=admin, rule=dearer))
    before = shop.state
    assert await add_missing(shop, *RULES) == 0
    assert shop.state == before


async def test_a_rule_that_has_ended_is_not_added_again(shop: MemoryShop) -> None:
    admin = await shop.admin()
    await add_missing(shop, *RULES)
    ended = DeleteRule(session=admin, kind=RuleKind.SHIPPING_METHOD, slug=PARCEL.code)
    await shop.container.rule_service().delete(ended)
    before = shop.state
    assert await add_missing(shop, *RULES) == 0
    assert shop.state == before


async def test_a_code_of_another_promotion_is_rejected(shop: MemoryShop) -> None:
    await add_missing(shop, WELCOME)
    before = shop.state
    with pytest.raises(InvalidValue, match="the promotion welcome has WELCOME10") as raised:
        await add_missing(shop, replace(WELCOME, slug="spring"))
    assert raised.value.field == "code"
    assert shop.state == before


async def test_a_promotion_for_a_category_that_does_not_exist_is_rejected(shop: MemoryShop) -> None:
    before = shop.state
    selection = Selection(categories=frozenset({"tea"}))
    with pytest.raises(InvalidValue, match="must be existing categories, not tea"):
        await add_missing(shop, replace(WELCOME, selection=selection))
    assert shop.state == before


async def test_a_shop_without_a_country_gets_no_tax_rate(
    shop: MemoryShop, clock: FakeClock
) -> None:
    elsewhere = MemoryShop(
        clock,
        shop.database,
        SequentialIds(),
        environment="production",
        payment_gateway="simulated",
        database_url="sqlite+aiosqlite:///none.db",
    )
    before = shop.state
    with pytest.raises(SellerCountryUnknown):
        await add_missing(elsewhere, ZONE, rate(19_000))
    assert shop.state == before
