"""The rules of prices in every database."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shop.application.ports.paging import PageRequest
from shop.application.ports.repositories.pricing.rule_documents import NO_VERSION
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.pricing.goods import Selection
from shop.domain.pricing.places import Area
from shop.domain.pricing.promotions.amount import Amount
from shop.domain.pricing.promotions.buy_x_get_y import BuyXGetY
from shop.domain.pricing.promotions.effect import Effect, Target
from shop.domain.pricing.promotions.fixed_price import FixedPrice
from shop.domain.pricing.promotions.free_shipping import FreeShipping
from shop.domain.pricing.promotions.percentage import Percentage
from shop.domain.pricing.promotions.promotion import Conditions
from shop.domain.pricing.promotions.tiers import Tier, Tiers
from shop.domain.pricing.rule_document import Rule, RuleDocument, RuleKind
from shop.domain.pricing.shipping.by_weight import ByWeight, WeightStep
from shop.domain.pricing.shipping.highest_tax import HighestTax
from shop.domain.pricing.shipping.shared_tax import SharedTax
from tests.contract.storage import Storage
from tests.domain.pricing.examples import GERMANY, NOW, eur, method, promotion, rate

pytestmark = pytest.mark.anyio

LATER = NOW + timedelta(microseconds=1)
RATE = rate(
    19_000,
    area=Area(
        countries=frozenset({"DE"}),
        regions=frozenset({"Bayern"}),
        postal_codes=frozenset({"80*", "81*"}),
    ),
    valid_from=NOW,
    valid_until=LATER,
)
EXEMPT = rate(0, "print", slug="print", reason="Exempt: § 4 UStG", name="Bücher ✓")
HEAVY = method(
    code="heavy",
    prices=ByWeight(
        steps=(
            WeightStep(from_weight_grams=0, price=eur(490)),
            WeightStep(from_weight_grams=31_500, price=eur(0)),
        )
    ),
    free_from=eur(10**9),
    is_pick_up=True,
    tax=HighestTax(),
    active=False,
    estimate="2 days",
)
SELECTION = Selection(products=frozenset({"TEA", "CUP"}), categories=frozenset({"tea"}))
SALE = promotion(
    Tiers(
        tiers=(
            Tier(percentage=1, from_quantity=2),
            Tier(percentage=100_000, from_quantity=3),
        )
    ),
    starts_at=NOW,
    ends_at=LATER,
    requires_code=True,
    code="SALE",
    conditions=Conditions(
        minimum=eur(0), is_for_first_order=True, group="friends", selection=SELECTION
    ),
    target=Target.LINES,
    selection=SELECTION,
    combinable=False,
    limit=3,
    limit_per_customer=2,
)
EFFECTS: tuple[Effect, ...] = (
    Amount(amount=eur(500)),
    BuyXGetY(buy=2, get=1, percentage=50_000),
    FixedPrice(price=eur(0)),
    FreeShipping(),
    Percentage(percentage=10_000),
    Tiers(tiers=(Tier(percentage=5_000, from_amount=eur(10_000)),)),
)
EVERYTHING: tuple[Rule, ...] = (
    RATE,
    EXEMPT,
    GERMANY,
    HEAVY,
    method(tax=SharedTax()),
    method(code="post"),
    SALE,
    *(promotion(effect, f"effect-{effect.kind}".replace("_", "-")) for effect in EFFECTS),
)


def document(rule: Rule, version: int = 1, /, **changes: object) -> RuleDocument:
    made = RuleDocument(rule=rule, version=version, created_at=NOW, updated_at=NOW)
    return replace(made, **changes)  # type: ignore[arg-type]  # Of any field.


async def save(storage: Storage, *documents: RuleDocument) -> int:
    """Save rules together; return the version that they got."""

    async def put(uow: UnitOfWork) -> int:
        version = await uow.rule_documents.lock()
        for each in documents:
            await uow.rule_documents.find(each.kind, [each.slug])
            uow.rule_documents.put(each)
        return version

    return await storage.write(put)


async def slugs(storage: Storage, kind: RuleKind) -> list[str]:
    found = await storage.read(lambda uow: uow.rule_documents.of_kind(kind))
    return [each.slug for each in found]


async def version(storage: Storage) -> int:
    current = await storage.read(lambda uow: uow.rule_documents.current(NO_VERSION))
    return current.version


async def test_a_new_shop_has_no_rules(storage: Storage) -> None:
    current = await storage.read(lambda uow: uow.rule_documents.current(NO_VERSION))

    assert (current.version, current.rules) == (0, [])


async def test_every_rule_is_read_as_it_was_saved(storage: Storage) -> None:
    saved = await save(storage, *map(document, EVERYTHING))

    current = await storage.read(lambda uow: uow.rule_documents.current(NO_VERSION))
    assert current.version == saved == 1
    assert current.rules is not None
    assert set(current.rules) == set(EVERYTHING)
    assert len(current.rules) == len(EVERYTHING)
    for rule in EVERYTHING:
        expected = document(rule)

        async def find(uow: UnitOfWork, wanted: RuleDocument = expected) -> object:
            return await uow.rule_documents.find(wanted.kind, [wanted.slug, "none"])

        assert await storage.read(find) == {expected.slug: expected}


async def test_known_rules_are_not_read_again(storage: Storage) -> None:
    known = await save(storage, document(GERMANY))

    current = await storage.read(lambda uow: uow.rule_documents.current(known))
    assert (current.version, current.rules) == (known, None)
    outdated = await storage.read(lambda uow: uow.rule_documents.current(known - 1))
    of_the_future = await storage.read(lambda uow: uow.rule_documents.current(known + 1))
    for each in (outdated, of_the_future):
        assert (each.version, each.rules) == (known, [GERMANY])


async def test_each_change_counts_the_version_up(storage: Storage) -> None:
    assert await save(storage, document(GERMANY)) == 1
    assert await save(storage, document(replace(GERMANY, name="Deutschland"), 2)) == 2

    async def remove(uow: UnitOfWork) -> int:
        version = await uow.rule_documents.lock()
        uow.rule_documents.remove(RuleKind.SHIPPING_ZONE, "de")
        return version

    assert await storage.write(remove) == 3
    assert (await version(storage), await slugs(storage, RuleKind.SHIPPING_ZONE)) == (3, [])


async def test_a_unit_of_work_that_changes_no_rule_leaves_the_version(storage: Storage) -> None:
    await storage.write(lambda uow: uow.rule_documents.lock())

    assert await version(storage) == 0


async def test_archived_rules_do_not_apply(storage: Storage) -> None:
    kept, archived = document(GERMANY), document(replace(GERMANY, slug="at"), archived_at=LATER)
    await save(storage, kept, archived)

    assert await slugs(storage, RuleKind.SHIPPING_ZONE) == ["de"]
    current = await storage.read(lambda uow: uow.rule_documents.current(NO_VERSION))
    assert current.rules == [GERMANY]
    found = await storage.read(
        lambda uow: uow.rule_documents.find(RuleKind.SHIPPING_ZONE, ["at", "de"])
    )
    assert found == {"at": archived, "de": kept}


async def test_pages_are_in_the_order_of_slugs(storage: Storage) -> None:
    names = ["a", "b-1", "b", "ba", "c"]
    await save(storage, *(document(replace(GERMANY, slug=each)) for each in names))
    await save(storage, document(rate(1, slug="another-kind")))
    await save(storage, document(replace(GERMANY, slug="old"), archived_at=NOW))

    async def pages(uow: UnitOfWork, *, archived: bool) -> list[str]:
        found: list[str] = []
        after: str | None = None
        while True:
            page = await uow.rule_documents.page(
                RuleKind.SHIPPING_ZONE, PageRequest(limit=2, after=after), archived=archived
            )
            found += [each.slug for each in page.items]
            after = page.next
            if after is None:
                return found

    assert await storage.read(lambda uow: pages(uow, archived=False)) == sorted(names)
    assert await storage.read(lambda uow: pages(uow, archived=True)) == ["old"]


async def test_what_was_not_committed_has_not_happened(storage: Storage) -> None:
    await save(storage, document(GERMANY))
    async with storage.unit_of_work() as uow:
        await uow.rule_documents.lock()
        await uow.rule_documents.find(RuleKind.TAX_RATE, ["print"])
        uow.rule_documents.put(document(EXEMPT, 2))
        uow.rule_documents.remove(RuleKind.SHIPPING_ZONE, "de")

    assert await version(storage) == 1
    assert await slugs(storage, RuleKind.SHIPPING_ZONE) == ["de"]
    assert await slugs(storage, RuleKind.TAX_RATE) == []


async def test_only_locked_rules_that_were_looked_up_are_changed(storage: Storage) -> None:
    async with storage.unit_of_work() as uow:
        await uow.rule_documents.find(RuleKind.SHIPPING_ZONE, ["de"])
        with pytest.raises(RuntimeError):
            uow.rule_documents.put(document(GERMANY))
        with pytest.raises(RuntimeError):
            uow.rule_documents.remove(RuleKind.SHIPPING_ZONE, "de")
        await uow.rule_documents.lock()
        with pytest.raises(RuntimeError):
            uow.rule_documents.put(document(GERMANY))
    async with storage.snapshot() as uow:
        with pytest.raises(RuntimeError):
            await uow.rule_documents.lock()
