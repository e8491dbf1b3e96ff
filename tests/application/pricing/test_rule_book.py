"""The rules that a process keeps: those of each unit of work's own snapshot."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from shop.adapters.memory.unit_of_work import MemoryUnitOfWork
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import TransientFailure
from shop.application.pricing.pricing_policy import PricingPolicy
from shop.application.pricing.rule_book import KEPT_VERSIONS, RuleBook
from shop.application.pricing.rule_documents import DeleteRule, PutRule
from shop.domain.pricing.places import Destination
from shop.domain.pricing.promotions.percentage import Percentage
from shop.domain.pricing.rule_document import Rule, RuleKind, SellerCountryUnknown
from shop.domain.pricing.rules import PricingRules, TaxRounding
from shop.domain.pricing.taxes.tax_table import TaxTable
from tests.application.memory_shop import MemoryShop
from tests.domain.pricing.examples import GERMANY, VAT_7, VAT_19, method, promotion
from tests.factories import EUR

pytestmark = pytest.mark.anyio

AUSTRIA = Destination(country="AT")
POLICY = PricingPolicy(
    currency=EUR, home=AUSTRIA, prices_include_tax=False, tax_rounding=TaxRounding.LINE
)
SALE = promotion(Percentage(percentage=10_000))


@pytest.fixture
async def admin(shop: MemoryShop) -> SessionToken:
    return await shop.admin()


@pytest.fixture
def book() -> RuleBook:
    return RuleBook(POLICY)


async def put(shop: MemoryShop, admin: SessionToken, *rules: Rule) -> None:
    for rule in rules:
        await shop.container.rule_service().put(PutRule(session=admin, rule=rule))


async def read(shop: MemoryShop, book: RuleBook) -> PricingRules:
    async with MemoryUnitOfWork(shop.database, writing=False) as uow:
        return (await book.rules(uow)).rules


async def test_a_new_shop_has_no_rules(shop: MemoryShop, book: RuleBook) -> None:
    rules = await read(shop, book)
    assert rules == PricingRules(
        currency=EUR,
        home=AUSTRIA,
        prices_include_tax=False,
        tax_rounding=TaxRounding.LINE,
        tax_table=TaxTable.of([]),
        shipping_zones=(),
        shipping_methods=(),
        promotions=(),
    )
    assert book.known_version == 0


async def test_all_rules_that_apply_are_there(
    shop: MemoryShop, admin: SessionToken, book: RuleBook
) -> None:
    last, parcel = replace(SALE, slug="a-last"), method()
    await put(shop, admin, SALE, last, VAT_19, VAT_7, GERMANY, parcel)
    ended = DeleteRule(session=admin, kind=RuleKind.TAX_RATE, slug=VAT_7.slug)
    await shop.container.rule_service().delete(ended)

    rules = await read(shop, book)
    assert rules.promotions == (last, SALE)
    assert rules.tax_table == TaxTable.of([VAT_19])
    assert (rules.shipping_zones, rules.shipping_methods) == ((GERMANY,), (parcel,))


async def test_they_are_read_again_only_if_they_have_changed(
    shop: MemoryShop, admin: SessionToken, book: RuleBook
) -> None:
    await put(shop, admin, SALE)
    first = await read(shop, book)
    assert await read(shop, book) is first
    await put(shop, admin, GERMANY)
    second = await read(shop, book)
    assert (second.shipping_zones, second.promotions) == ((GERMANY,), (SALE,))
    assert await read(shop, book) is second


async def test_a_unit_of_work_gets_the_rules_of_its_own_snapshot(
    shop: MemoryShop, admin: SessionToken, book: RuleBook
) -> None:
    await put(shop, admin, SALE)
    async with MemoryUnitOfWork(shop.database, writing=False) as before:
        await put(shop, admin, replace(SALE, active=False))
        assert (await read(shop, book)).promotions == (replace(SALE, active=False),)
        assert (await book.rules(before)).rules.promotions == (SALE,)
    assert (await read(shop, book)).promotions == (replace(SALE, active=False),)


async def test_few_versions_are_kept(shop: MemoryShop, admin: SessionToken, book: RuleBook) -> None:
    for number in range(KEPT_VERSIONS + 3):
        await put(shop, admin, replace(SALE, name=f"Sale {number}"))
        await read(shop, book)
    assert len(book._kept) == KEPT_VERSIONS
    assert book.known_version == KEPT_VERSIONS + 3


async def test_tax_rates_need_the_place_of_the_seller(
    shop: MemoryShop, admin: SessionToken
) -> None:
    book = RuleBook(replace(POLICY, home=None))
    assert (await read(shop, book)).tax_table.is_empty
    await put(shop, admin, VAT_19)
    with pytest.raises(SellerCountryUnknown):
        await read(shop, book)


async def test_rules_that_are_not_kept_any_more_are_a_reason_to_try_again(
    shop: MemoryShop, admin: SessionToken, book: RuleBook, forgetting: None
) -> None:
    del forgetting
    await put(shop, admin, SALE)
    with pytest.raises(TransientFailure):
        await read(shop, book)


@pytest.fixture
def forgetting(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have the book say that it knows a version whose rules it does not keep."""
    monkeypatch.setattr(RuleBook, "known_version", 1)
    yield
    monkeypatch.undo()
