"""Published rates of tax: loaded once, and again when they have changed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shop.adapters.memory.engine.database import MemoryDatabase
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.pricing.rule_documents import DeleteRule, PutRule
from shop.application.pricing.tax_rate_seed import PublishedRates, RateInTheWay, SeedResult
from shop.domain.pricing.places import Area
from shop.domain.pricing.rule_document import RuleKind, SellerCountryUnknown
from shop.domain.pricing.taxes.tax_rate import TaxRate
from tests.application.memory_shop import MemoryShop
from tests.clock import FakeClock
from tests.domain.pricing.examples import rate
from tests.doubles import SequentialIds

pytestmark = pytest.mark.anyio

MAY, JUNE = datetime(2027, 5, 1, tzinfo=UTC), datetime(2027, 6, 1, tzinfo=UTC)
STANDARD = rate(19_000, slug="eu-de-standard")
REDUCED = rate(7_000, "reduced", slug="eu-de-reduced")


async def load(shop: MemoryShop, *rates: TaxRate, at: datetime = MAY) -> SeedResult:
    return await shop.container.tax_rate_seed().load(PublishedRates(rates=rates, at=at))


def stored(shop: MemoryShop) -> dict[str, TaxRate]:
    found = {}
    for document in shop.state.pricing_rules.rows.values():
        assert isinstance(document.rule, TaxRate)
        if document.archived_at is None:
            found[document.slug] = document.rule
    return found


async def test_rates_are_loaded_once(shop: MemoryShop) -> None:
    assert await load(shop, STANDARD, REDUCED) == SeedResult(added=2, changed=0, unchanged=0)
    assert stored(shop) == {"eu-de-standard": STANDARD, "eu-de-reduced": REDUCED}
    before = shop.state
    again = await load(shop, STANDARD, REDUCED, at=JUNE)
    assert again == SeedResult(added=0, changed=0, unchanged=2)
    assert shop.state == before


async def test_a_changed_rate_ends_and_another_one_begins(shop: MemoryShop) -> None:
    await load(shop, STANDARD, REDUCED)
    changed = replace(STANDARD, rate=20_000, name="VAT 20 %")
    result = await load(shop, changed, REDUCED, at=JUNE)
    assert result == SeedResult(added=0, changed=1, unchanged=1)
    begun = replace(changed, slug="eu-de-standard-2027-06-01", valid_from=JUNE)
    assert stored(shop) == {
        "eu-de-standard": replace(STANDARD, valid_until=JUNE),
        "eu-de-standard-2027-06-01": begun,
        "eu-de-reduced": REDUCED,
    }
    later = JUNE + timedelta(days=30)
    assert (await load(shop, changed, REDUCED, at=later)).unchanged == 2
    third = await load(shop, replace(STANDARD, rate=21_000), REDUCED, at=later)
    assert third.changed == 1
    assert stored(shop)[begun.slug] == replace(begun, valid_until=later)
    assert stored(shop)["eu-de-standard-2027-07-01"].rate == 21_000


async def test_older_rates_change_nothing(shop: MemoryShop) -> None:
    await load(shop, STANDARD)
    await load(shop, replace(STANDARD, rate=20_000), at=JUNE)
    before = shop.state
    assert (await load(shop, STANDARD, at=MAY)).unchanged == 1
    assert shop.state == before


async def test_what_the_operator_has_ended_stays_ended(shop: MemoryShop, clock: FakeClock) -> None:
    admin = await shop.admin()
    await load(shop, STANDARD)
    ended = replace(STANDARD, valid_until=clock.now())
    await shop.container.rule_service().put(PutRule(session=admin, rule=ended))
    assert (await load(shop, replace(STANDARD, rate=20_000), at=JUNE)).unchanged == 1
    assert stored(shop) == {"eu-de-standard": ended}


async def test_rates_of_the_operator_are_not_touched(shop: MemoryShop) -> None:
    admin = await shop.admin()
    own = replace(STANDARD, slug="mine", area=Area(countries=frozenset({"DE"})))
    await put(shop, admin, own)
    before = shop.state.pricing_rules
    result = await load(shop, REDUCED, STANDARD)
    assert result == SeedResult(
        added=0,
        changed=0,
        unchanged=0,
        in_the_way=[RateInTheWay(slug="eu-de-standard", other="mine")],
    )
    assert shop.state.pricing_rules == before
    await shop.container.rule_service().delete(
        DeleteRule(session=admin, kind=RuleKind.TAX_RATE, slug="mine")
    )
    assert (await load(shop, REDUCED, STANDARD)).added == 2


async def put(shop: MemoryShop, admin: SessionToken, rule: TaxRate) -> None:
    await shop.container.rule_service().put(PutRule(session=admin, rule=rule))


async def test_rates_need_the_country_of_the_seller_in_production(clock: FakeClock) -> None:
    shop = MemoryShop(
        clock,
        MemoryDatabase(),
        SequentialIds(),
        environment="production",
        payment_gateway="simulated",
        database_url="sqlite+aiosqlite:///none.db",
    )
    with pytest.raises(SellerCountryUnknown):
        await load(shop, STANDARD)
    assert stored(shop) == {}
