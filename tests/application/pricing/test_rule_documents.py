"""Rules as staff save them: what counts down stays in step, and retries change nothing twice."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import CommitOutcomeUnknown, TransientFailure
from shop.application.pricing import rule_checks
from shop.application.pricing.promotion_codes import MakeCodes
from shop.application.pricing.rule_documents import DeleteRule, PutRule, RuleSaved
from shop.domain.pricing.promotions.percentage import Percentage
from shop.domain.pricing.promotions.promotion import Conditions, Promotion
from shop.domain.pricing.promotions.promotion_uses import PromotionUse
from shop.domain.pricing.rule_document import RuleDocument, RuleKind
from shop.domain.session import NotSignedIn
from shop.domain.shared.errors import InvalidValue
from shop.domain.user import Forbidden
from tests.application.memory_shop import MemoryShop
from tests.clock import FakeClock
from tests.domain.pricing.examples import GERMANY, promotion
from tests.factories import NOW, id_of, order, user

pytestmark = pytest.mark.anyio

SALE = promotion(Percentage(percentage=10_000))


@pytest.fixture
async def admin(shop: MemoryShop) -> SessionToken:
    return await shop.admin()


async def put(shop: MemoryShop, admin: SessionToken, rule: Promotion) -> RuleSaved:
    return await shop.container.rule_service().put(PutRule(session=admin, rule=rule))


async def delete(shop: MemoryShop, admin: SessionToken, slug: str = "sale") -> None:
    command = DeleteRule(session=admin, kind=RuleKind.PROMOTION, slug=slug)
    await shop.container.rule_service().delete(command)


async def use(
    shop: MemoryShop, *names: str, code: str | None = None, numbered: bool = False
) -> None:
    """Have orders of these names that have the promotion."""
    orders = [order(user("ada"), name) for name in names]
    state = shop.database.state
    uses = [
        PromotionUse(
            promotion="sale",
            order_id=each.id,
            customer_key=f"user:{id_of('ada')}",
            n=n if numbered else None,
            code=code,
            created_at=NOW,
        )
        for n, each in enumerate(orders, 1)
    ]
    shop.database.state = replace(
        state,
        orders=state.orders.with_changes(added=orders),
        promotion_uses=state.promotion_uses.with_changes(added=uses),
    )


def left(shop: MemoryShop) -> Mapping[str, int | None]:
    return {key: each.uses_left for key, each in shop.state.promotion_counters.rows.items()}


def stored(shop: MemoryShop) -> RuleDocument | None:
    return shop.state.pricing_rules.rows.get((RuleKind.PROMOTION, "sale"))


class TestCounters:
    async def test_each_promotion_has_one(self, shop: MemoryShop, admin: SessionToken) -> None:
        await put(shop, admin, SALE)
        for slug, limits in (
            ("all", {"limit": 5}),
            ("each", {"limit_per_customer": 1}),
            ("first", {"conditions": Conditions(is_for_first_order=True)}),
        ):
            await put(shop, admin, replace(SALE, slug=slug, **limits))
        assert left(shop) == {"p:sale": None, "p:all": 5, "p:each": None, "p:first": None}

    async def test_they_have_the_version_of_their_promotion(
        self, shop: MemoryShop, admin: SessionToken
    ) -> None:
        changed = replace(SALE, limit_per_customer=2)
        for version, rule in enumerate((SALE, replace(SALE, slug="other"), changed), 1):
            await put(shop, admin, rule)
            counter = shop.state.promotion_counters.rows[f"p:{rule.slug}"]
            assert counter.rules_version == version
        before = shop.state.promotion_counters
        await put(shop, admin, changed)
        assert shop.state.promotion_counters == before

    async def test_a_changed_limit_keeps_what_was_used(
        self, shop: MemoryShop, admin: SessionToken
    ) -> None:
        await put(shop, admin, SALE)
        await use(shop, "1", "2", "3")
        await put(shop, admin, replace(SALE, limit=5))
        assert left(shop) == {"p:sale": 2}
        saved = await put(shop, admin, replace(SALE, limit=3))
        assert (left(shop), saved.shown.used) == ({"p:sale": 0}, 3)
        await put(shop, admin, SALE)
        assert left(shop) == {"p:sale": None}

    async def test_a_limit_below_the_uses_is_rejected(
        self, shop: MemoryShop, admin: SessionToken
    ) -> None:
        await put(shop, admin, replace(SALE, limit=5))
        await use(shop, "1", "2", "3")
        before = shop.state
        with pytest.raises(InvalidValue) as caught:
            await put(shop, admin, replace(SALE, limit=2))
        assert caught.value == InvalidValue(
            field="limit", rule="must be at least 3, which are used"
        )
        assert shop.state.pricing_rules == before.pricing_rules
        assert shop.state.promotion_counters == before.promotion_counters

    async def test_a_new_limit_of_a_customer_keeps_numbers_below_it(
        self, shop: MemoryShop, admin: SessionToken
    ) -> None:
        await put(shop, admin, replace(SALE, limit_per_customer=3))
        await use(shop, "1", "2", "3", numbered=True)
        await put(shop, admin, replace(SALE, limit_per_customer=2))
        numbers = [each.n for each in shop.state.promotion_uses.rows.values()]
        assert sorted(numbers, key=str) == [1, 2, None]


class TestPromotionsWithoutACode:
    async def test_one_too_many_active_ones_is_rejected(
        self, shop: MemoryShop, admin: SessionToken, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(rule_checks, "MAX_AUTOMATIC_PROMOTIONS", 2)
        others = [
            replace(SALE, slug="off", active=False),
            replace(SALE, slug="coded", code="CODED", requires_code=True),
            replace(SALE, slug="over", ends_at=NOW),
            replace(SALE, slug="first"),
            replace(SALE, slug="later", starts_at=NOW + timedelta(days=1)),
        ]
        for each in others:
            await put(shop, admin, each)
        before = shop.state
        for each in (SALE, replace(SALE, slug="off"), replace(SALE, slug="coded")):
            with pytest.raises(InvalidValue) as caught:
                await put(shop, admin, each)
            assert caught.value == InvalidValue(
                field="active", rule="must be false; 2 promotions without a code are active"
            )
        assert shop.state == before

        await put(shop, admin, replace(SALE, slug="first", name="Changed"))
        await put(shop, admin, replace(SALE, slug="first", active=False))
        assert (await put(shop, admin, SALE)).is_new


class TestEnding:
    async def test_a_promotion_that_no_order_has_leaves_nothing(
        self, shop: MemoryShop, admin: SessionToken
    ) -> None:
        await put(shop, admin, replace(SALE, limit=5, code="SALE", requires_code=True))
        (code,) = await make_codes(shop, admin)
        await delete(shop, admin)
        # The code is kept for those who made it.
        assert (stored(shop), left(shop)) == (None, {f"e:{code}": 1})

    async def test_one_that_orders_have_is_archived_and_can_take_uses_back(
        self, shop: MemoryShop, admin: SessionToken, clock: FakeClock
    ) -> None:
        await put(shop, admin, replace(SALE, limit=5, code="SALE", requires_code=True))
        (single,) = await make_codes(shop, admin)
        await use(shop, "1", code=single)
        (other,) = await make_codes(shop, admin, key="key-of-others")
        clock.advance(timedelta(seconds=1))
        await delete(shop, admin)
        document = stored(shop)
        assert document is not None
        assert document.archived_at == NOW + timedelta(seconds=1)
        # Orders that were decided before find a later version.
        assert (left(shop), shop.state.promotion_counters.rows["p:sale"].rules_version) == (
            {"p:sale": 5, f"e:{single}": 1, f"e:{other}": 1},
            2,
        )

    async def test_its_codes_stay_ended_though_another_one_has_its_slug(
        self, shop: MemoryShop, admin: SessionToken
    ) -> None:
        await put(shop, admin, SALE)
        (single,) = await make_codes(shop, admin)
        await use(shop, "1", code=single)
        await delete(shop, admin)
        saved = await put(shop, admin, SALE)
        document = saved.shown.document
        expected = {"p:sale": None, f"e:{single}": 1}
        assert (saved.is_new, document.rule == SALE, left(shop)) == (True, True, expected)


async def make_codes(
    shop: MemoryShop, admin: SessionToken, count: int = 1, key: str = "key-of-codes"
) -> list[str]:
    command = MakeCodes(session=admin, promotion="sale", count=count, prefix=None, key=key)
    result = await shop.container.promotion_codes().make(command)
    return list(result.unwrap().codes)


async def test_codes_are_made_before_the_rules_are_locked(
    shop: MemoryShop, admin: SessionToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put(shop, admin, SALE)
    numbers = iter([1, 1, 2, 3])
    locked = []

    def next_number(_: int) -> int:
        locked.append(shop.database.writer.locked())
        return next(numbers)

    monkeypatch.setattr("secrets.randbelow", next_number)
    first = await make_codes(shop, admin)
    await delete(shop, admin)
    await put(shop, admin, SALE)
    # Only for one that was made before is another one made.
    assert first == ["0100-0000-0000"]
    assert await make_codes(shop, admin, 2, "key-of-others") == ["0200-0000-0000", "0300-0000-0000"]
    assert locked == [False, False, False, True]


class TestRetries:
    async def test_a_transient_failure_saves_once(
        self, shop: MemoryShop, admin: SessionToken
    ) -> None:
        shop.faults.plan(("commit", TransientFailure()))
        saved = await put(shop, admin, SALE)
        assert (saved.is_new, saved.shown.document.version) == (True, 1)

    async def test_codes_are_made_once_though_the_outcome_was_unknown(
        self, shop: MemoryShop, admin: SessionToken
    ) -> None:
        await put(shop, admin, SALE)
        shop.faults.plan(("committed", CommitOutcomeUnknown()))
        codes = await make_codes(shop, admin, 3)
        assert len(codes) == 3
        assert sorted(left(shop)) == [*(f"c:{code}" for code in codes), "p:sale"]


async def test_rules_are_changed_by_admins_only(shop: MemoryShop, admin: SessionToken) -> None:
    await put(shop, admin, SALE)
    ada = await shop.customer("ada")
    before = shop.state.pricing_rules
    service = shop.container.rule_service()
    for token, error in ((ada, Forbidden), (None, NotSignedIn)):
        with pytest.raises(error):
            await service.put(PutRule(session=token, rule=GERMANY))
        with pytest.raises(error):
            await service.delete(DeleteRule(session=token, kind=RuleKind.PROMOTION, slug="sale"))
        with pytest.raises(error):
            await make_codes(shop, token)  # type: ignore[arg-type]  # As a stranger.
    assert shop.state.pricing_rules == before
