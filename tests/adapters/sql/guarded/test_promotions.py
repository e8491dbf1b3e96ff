"""Uses of promotions are taken without locks; a guard that fails writes nothing."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import count

import pytest
from sqlalchemy import text

from shop.adapters.sql.guarded.statement import guarded_statement
from shop.adapters.sql.repositories.pricing import promotion_counters as counters
from shop.adapters.sql.schema.tables import orders, promotion_counters, promotion_uses
from shop.application.ports.repositories.pricing.rule_documents import NO_VERSION
from shop.application.ports.rows_wanted import RowsWanted
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.pricing.order_promotions import HeldPromotions
from shop.application.pricing.quote_cart import CartToPrice
from shop.domain.orders.order import Actor, Order, OrderStatus
from shop.domain.pricing.goods import Selection
from shop.domain.pricing.promotions.percentage import Percentage
from shop.domain.pricing.promotions.promotion import Conditions, Promotion
from tests.adapters.sql.guarded.guarded_shop import GuardedShop, until_one_waits
from tests.adapters.sql.guarded.statements import (
    assert_read_and_written,
    plan_nodes,
    statements,
)
from tests.contract.pricing.promoted_orders import (
    ADA,
    BOB,
    Outcome,
    add_codes,
    cart,
    decide,
    discounts,
    save,
)
from tests.contract.storage import Storage
from tests.domain.pricing.examples import promotion
from tests.factories import NOW, category

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("buyers")]

AUTOMATIC = promotion(Percentage(percentage=10_000))
SALE = replace(AUTOMATIC, code="SALE", requires_code=True, limit=1_000)
FREE = replace(SALE, limit=None)
USED_UP = "code-used-up"

Outcomes = Sequence[Outcome]


async def run(shop: GuardedShop, work: Callable[[UnitOfWork], Awaitable[Outcomes]]) -> Outcomes:
    """Run this as use cases do: first without locks."""
    return await shop.container.transaction_runner().write(work, retryable=True, guarded=True)


async def place(
    shop: GuardedShop, *carts: CartToPrice, status: OrderStatus = OrderStatus.PAID
) -> Outcomes:
    async def work(uow: UnitOfWork) -> Outcomes:
        codes = {code for each in carts for code in each.codes}
        wanted = RowsWanted(known_rules=NO_VERSION, promotions=["sale"], codes=sorted(codes))
        await uow.read_ahead([wanted])
        outcomes = await decide(uow, *carts, status=status)
        await uow.commit()
        return outcomes

    return await run(shop, work)


async def decline(shop: GuardedShop, placed: Outcome) -> None:
    assert isinstance(placed, Order)

    async def work(uow: UnitOfWork) -> Outcomes:
        await uow.read_ahead(
            [RowsWanted(promotions=["sale"], codes=["SALE"], order_ids=[placed.id])]
        )
        promotions = await HeldPromotions.lock(uow, [placed])
        (order,) = (await uow.orders.lock([placed.id])).values()
        uow.orders.save(*order.transition_to(OrderStatus.DECLINED, at=NOW, actor=Actor.GATEWAY))
        promotions.give_back(placed)
        await uow.commit()
        return ()

    await run(shop, work)


async def uses_left(shop: GuardedShop) -> dict[str, int | None]:
    rows = await shop.rows(promotion_counters)
    return {each.key: each.uses_left for each in rows if each.key.count(":") == 1}


async def row_version(shop: GuardedShop) -> object:
    async with shop.database.reader.connect() as connection:
        found = text("SELECT ctid::text FROM promotion_counters WHERE key = 'p:sale'")
        return (await connection.execute(found)).scalar_one()


async def used(shop: GuardedShop) -> int:
    return len(await shop.rows(promotion_uses))


class TestStatements:
    @pytest.mark.parametrize("size", [1, 50])
    async def test_group_is_read_and_written_with_one_statement_each(
        self, shop: GuardedShop, storage: Storage, size: int
    ) -> None:
        await save(storage, SALE)
        with statements(shop) as sent:
            outcomes = await place(shop, *[cart(ADA, "SALE")] * size)

        assert discounts(outcomes) == [50] * size
        assert_read_and_written(sent)
        assert shop.attempts == ["committed"]
        assert (await uses_left(shop), await used(shop)) == (
            {"p:sale": 1_000 - size, "c:SALE": None},
            size,
        )

    async def test_orders_do_not_change_the_counter_of_a_promotion_without_a_limit(
        self, shop: GuardedShop, storage: Storage
    ) -> None:
        await save(storage, AUTOMATIC)
        before = await row_version(shop)
        with statements(shop) as sent:
            outcomes = await place(shop, *[cart(ADA)] * 2)

        assert discounts(outcomes) == [50, 50]
        assert_read_and_written(sent)
        assert (await row_version(shop), await used(shop)) == (before, 2)
        rows = [each.uses for each in await shop.rows(promotion_counters) if each.uses]
        assert rows == [2]

    async def test_statement_is_built_once(self, shop: GuardedShop, storage: Storage) -> None:
        await save(storage, SALE)
        await place(shop, cart(ADA, "SALE"))
        built = guarded_statement.cache_info().misses
        await place(shop, cart(ADA, "SALE"))

        assert guarded_statement.cache_info().misses == built

    async def test_group_asks_once_for_the_categories_of_its_products(
        self, shop: GuardedShop, storage: Storage
    ) -> None:
        async with storage.unit_of_work() as uow:
            await uow.categories.lock_tree()
            for each in (category("drinks"), category("tea", parent="drinks")):
                uow.categories.put(each, NOW)
            uow.categories.assign("TEA", [], ["tea"])
            await uow.commit()
        of_drinks = Selection(categories=frozenset({"drinks"}))
        await save(storage, replace(AUTOMATIC, selection=of_drinks))
        with statements(shop) as sent:
            outcomes = await place(shop, cart(ADA), cart(BOB))

        assert discounts(outcomes) == [50, 50]
        assert_read_and_written([sent[0], sent[2]])
        assert len(sent) == 3

    async def test_codes_for_one_order_are_taken_together(
        self, shop: GuardedShop, storage: Storage
    ) -> None:
        await save(storage, AUTOMATIC)
        codes = [f"CODE-{number}" for number in range(20)]
        await add_codes(storage, *codes)
        await save(storage, AUTOMATIC)
        with statements(shop) as sent:
            outcomes = await place(shop, *(cart(ADA, each) for each in codes))

        assert discounts(outcomes) == [50] * 20
        assert_read_and_written(sent)
        assert sum(each or 0 for each in (await uses_left(shop)).values()) == 0

    async def test_uses_are_given_back_without_locks(
        self, shop: GuardedShop, storage: Storage
    ) -> None:
        await save(storage, SALE)
        (placed,) = await place(shop, cart(ADA, "SALE"), status=OrderStatus.PENDING)
        with statements(shop) as sent:
            await decline(shop, placed)

        # One more statement reads the shares of the order.
        assert_read_and_written([sent[0], sent[2]])
        assert (shop.attempts, len(sent)) == (["committed"] * 2, 3)
        assert (await uses_left(shop), await used(shop)) == ({"p:sale": 1_000, "c:SALE": None}, 0)

    async def test_no_counter_is_looked_for_in_the_whole_table(
        self, shop: GuardedShop, storage: Storage
    ) -> None:
        await save(storage, SALE)
        await shop.execute(
            "INSERT INTO promotion_counters (key, promotion, uses_left, rules_version, created_at)"
            " SELECT 'c:' || n, 'sale', 1, 1, now()"
            " FROM generate_series(1, 3000) AS n"
        )
        with statements(shop) as sent:
            await place(shop, cart(ADA, "SALE"))

        nodes = await plan_nodes(shop, sent)
        scans = [each for each in nodes if each.get("Relation Name") == "promotion_counters"]
        assert {each["Node Type"] for each in scans} <= {
            "Index Scan",
            "Bitmap Heap Scan",
            "ModifyTable",
        }


class TestGuards:
    """What a guard finds writes nothing; then the group is decided with locks."""

    async def test_use_that_was_taken_meanwhile_is_not_taken_again(
        self, shop: GuardedShop, storage: Storage
    ) -> None:
        await save(storage, replace(SALE, limit=2))
        shop.before_writing.append(partial(place, shop, cart(BOB, "SALE")))

        assert discounts(await place(shop, *[cart(ADA, "SALE")] * 2)) == [50, USED_UP]
        assert shop.attempts == ["committed", "TransactionConflict"]
        assert (await uses_left(shop))["p:sale"] == 0
        assert await used(shop) == 2

    async def test_uses_that_were_taken_meanwhile_leave_enough(
        self, shop: GuardedShop, storage: Storage
    ) -> None:
        await save(storage, replace(SALE, limit=3))
        shop.before_writing.append(partial(place, shop, cart(BOB, "SALE")))

        assert discounts(await place(shop, *[cart(ADA, "SALE")] * 2)) == [50, 50]
        assert shop.attempts == ["committed", "committed"]
        assert (await uses_left(shop))["p:sale"] == 0

    async def test_code_for_one_order_is_taken_once(
        self, shop: GuardedShop, storage: Storage
    ) -> None:
        await save(storage, AUTOMATIC)
        await add_codes(storage, "ONE")
        await save(storage, AUTOMATIC)
        shop.before_writing.append(partial(place, shop, cart(BOB, "ONE")))

        assert discounts(await place(shop, cart(ADA, "ONE"))) == [USED_UP]
        assert len(await shop.rows(orders)) == 1

    @pytest.mark.parametrize(
        ("before", "after", "expected"),
        [
            (FREE, replace(SALE, limit=1), [50, USED_UP]),
            (FREE, replace(FREE, limit_per_customer=1), [50, USED_UP]),
            (
                AUTOMATIC,
                replace(AUTOMATIC, conditions=Conditions(is_for_first_order=True)),
                [50, 0],
            ),
        ],
        ids=["limit", "limit of a customer", "first order"],
    )
    async def test_limit_that_staff_set_meanwhile_holds(
        self,
        shop: GuardedShop,
        storage: Storage,
        before: Promotion,
        after: Promotion,
        expected: Sequence[int | str],
    ) -> None:
        await save(storage, before)
        codes = () if before.code is None else (before.code,)
        shop.before_writing.append(partial(save, storage, after))

        assert discounts(await place(shop, *[cart(ADA, *codes)] * 2)) == expected
        assert shop.attempts == ["TransactionConflict"]
        left = (await uses_left(shop))["p:sale"]
        assert (left, await used(shop)) == (0 if after.limit else None, 1)

    async def test_change_of_another_promotion_does_not_matter(
        self, shop: GuardedShop, storage: Storage
    ) -> None:
        await save(storage, SALE)
        other = replace(AUTOMATIC, slug="other", active=False)
        shop.before_writing.append(partial(save, storage, other))

        assert discounts(await place(shop, cart(ADA, "SALE"))) == [50]
        assert shop.attempts == ["committed"]

    async def test_use_is_given_back_to_a_limit_that_was_set_meanwhile(
        self, shop: GuardedShop, storage: Storage
    ) -> None:
        await save(storage, FREE)
        (placed,) = await place(shop, cart(ADA, "SALE"), status=OrderStatus.PENDING)
        shop.before_writing.append(partial(save, storage, replace(SALE, limit=5)))

        await decline(shop, placed)

        assert (await uses_left(shop), await used(shop)) == ({"p:sale": 5, "c:SALE": None}, 0)
        assert shop.attempts == ["committed", "committed"]

    async def test_staff_wait_for_an_order_that_is_being_written(
        self, shop: GuardedShop, storage: Storage
    ) -> None:
        """A limit counts the uses of all orders that were decided without it."""
        await save(storage, FREE)
        async with shop.container.unit_of_work() as uow:
            await decide(uow, cart(ADA, "SALE"))
            saving = asyncio.create_task(save(storage, replace(SALE, limit=5)))
            await until_one_waits(shop)
            await uow.commit()
        await saving

        assert (await uses_left(shop))["p:sale"] == 4


class TestOrdersWithoutALimit:
    """They lock parts of the counter, and staff lock all of them."""

    async def test_they_do_not_wait_for_each_other(
        self, shop: GuardedShop, storage: Storage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        parts = count()
        monkeypatch.setattr(counters, "randbelow", lambda parts_in_all: next(parts) % parts_in_all)
        await save(storage, AUTOMATIC)
        async with shop.container.unit_of_work() as uow:
            assert discounts(await decide(uow, cart(ADA))) == [50]
            async with asyncio.timeout(5):
                # Of these, the first takes no locks and the second does.
                assert discounts(await place(shop, cart(BOB))) == [50]
                async with shop.container.unit_of_work() as other:
                    assert discounts(await decide(other, cart(BOB))) == [50]
                    await other.commit()
            await uow.commit()

        assert (shop.attempts, await used(shop)) == (["committed"], 3)

    async def test_one_that_waited_for_staff_is_decided_again(
        self, shop: GuardedShop, storage: Storage
    ) -> None:
        await save(storage, AUTOMATIC)
        async with shop.database.writer.begin() as other:
            await other.execute(text("SELECT * FROM promotion_counters FOR NO KEY UPDATE"))
            placing = asyncio.create_task(place(shop, cart(ADA)))
            await until_one_waits(shop)
            await other.execute(text("UPDATE promotion_counters SET rules_version = 2"))
            await other.execute(text("UPDATE rule_versions SET version = 2"))

        assert discounts(await placing) == [50]
        assert shop.attempts == ["TransactionConflict"]


class TestLimitsOfCustomers:
    async def test_they_are_decided_under_the_lock_of_the_counter(
        self, shop: GuardedShop, storage: Storage
    ) -> None:
        await save(storage, replace(SALE, limit_per_customer=3))
        placed = await asyncio.gather(
            *(place(shop, cart(ADA, "SALE"), cart(BOB, "SALE")) for _ in range(5))
        )

        found = [outcome for outcomes in placed for outcome in discounts(outcomes)]
        assert sorted(found, key=str) == [50] * 6 + [USED_UP] * 4
        rows = await shop.rows(promotion_uses)
        assert sorted((each.customer_key, each.n) for each in rows) == sorted(
            (f"user:{each.id}", n) for each in (ADA, BOB) for n in (1, 2, 3)
        )

    async def test_orders_without_the_promotion_take_no_locks(
        self, shop: GuardedShop, storage: Storage
    ) -> None:
        await save(storage, replace(AUTOMATIC, conditions=Conditions(is_for_first_order=True)))
        await place(shop, cart(ADA))
        shop.attempts.clear()

        assert discounts(await place(shop, cart(ADA))) == [0]
        assert shop.attempts == ["committed"]


async def test_counters_are_locked_between_stock_and_orders(
    shop: GuardedShop, storage: Storage
) -> None:
    await save(storage, SALE)
    (placed,) = await place(shop, cart(ADA, "SALE"), status=OrderStatus.PENDING)
    async with shop.database.writer.begin() as other:
        await other.execute(text("SELECT * FROM promotion_counters FOR UPDATE"))
        declining = asyncio.create_task(decline(shop, placed))
        await until_one_waits(shop)
        # It would fail if the waiting statement had locked a row out of turn.
        await shop.execute("SELECT * FROM orders FOR UPDATE NOWAIT")
    await declining

    assert (await uses_left(shop))["p:sale"] == 1_000
