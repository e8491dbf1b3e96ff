"""Staff change, end and list promotions while orders take them."""

import asyncio
from contextlib import suppress
from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shop.adapters.sql.schema.tables import promotion_counters, promotion_uses
from shop.application.ports.repositories.audit import INVARIANTS
from shop.application.ports.repositories.pricing.rule_documents import NO_VERSION
from shop.application.ports.rows_wanted import RowsWanted
from shop.application.ports.unit_of_work import TransientFailure, UnitOfWork
from shop.application.pricing.promotion_limits import stage_end
from shop.application.pricing.quote_cart import CartToPrice
from shop.domain.pricing.promotions.percentage import Percentage
from shop.domain.pricing.promotions.promotion import Conditions
from tests.adapters.sql.guarded.guarded_shop import GuardedShop, until_one_waits
from tests.adapters.sql.guarded.statements import plan_nodes, statements
from tests.contract.pricing.promoted_orders import (
    ADA,
    BOB,
    add_codes,
    cart,
    close,
    decide,
    discounts,
    place,
    save,
    used,
)
from tests.contract.storage import Storage
from tests.domain.pricing.examples import promotion
from tests.factories import NOW, eur

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("buyers")]

AUTOMATIC = promotion(Percentage(percentage=10_000))
LIMITED = replace(AUTOMATIC, limit=100)
(USES,) = (each for each in INVARIANTS if each.number == 17)


async def end_sale(uow: UnitOfWork) -> None:
    version = await uow.rule_documents.lock()
    assert not await stage_end(uow, "sale", version)


async def lock(shop: GuardedShop, key: str) -> None:
    """Lock a counter for a moment; raise `DBAPIError` if that has to wait."""
    async with shop.database.writer.begin() as connection:
        statement = text("SELECT * FROM promotion_counters WHERE key = :key FOR UPDATE NOWAIT")
        await connection.execute(statement, {"key": key})


async def test_change_is_saved_though_orders_overlap_all_the_time(
    shop: GuardedShop, storage: Storage
) -> None:
    await save(storage, AUTOMATIC)
    is_saved = False

    async def order_all_the_time(number: int) -> None:
        await asyncio.sleep(number * 0.03)
        while not is_saved:
            with suppress(TransientFailure):
                async with shop.container.unit_of_work() as uow:
                    assert discounts(await decide(uow, cart(ADA))) == [50]
                    await asyncio.sleep(0.12)
                    await uow.commit()

    ordering = [asyncio.create_task(order_all_the_time(number)) for number in range(4)]
    await asyncio.sleep(0.2)
    try:
        async with asyncio.timeout(2):
            await save(storage, LIMITED)
    finally:
        is_saved = True
        await asyncio.gather(*ordering)
    (row,) = [each for each in await shop.rows(promotion_counters) if each.key == "p:sale"]
    assert row.uses_left == 100 - await used(storage)


class TestTheOrderOfLocks:
    """Codes come before their promotion, for orders and for staff, so none waits in a circle."""

    @pytest.fixture(autouse=True)
    async def codes(self, storage: Storage) -> None:
        await save(storage, LIMITED)
        await add_codes(storage, "ONE", "TWO")
        await save(storage, LIMITED)

    async def test_orders_lock_a_code_first(self, shop: GuardedShop, storage: Storage) -> None:
        async with shop.database.writer.begin() as other:
            await other.execute(
                text("SELECT * FROM promotion_counters WHERE key = 'p:sale' FOR UPDATE")
            )
            placing = asyncio.create_task(place(storage, cart(ADA, "ONE")))
            await until_one_waits(shop)
            with pytest.raises(DBAPIError, match="could not obtain lock"):
                await lock(shop, "c:ONE")
        assert discounts(await placing) == [50]

    async def test_staff_who_end_a_promotion_lock_its_codes_first(
        self, shop: GuardedShop, storage: Storage
    ) -> None:
        async with shop.database.writer.begin() as other:
            await other.execute(
                text("SELECT * FROM promotion_counters WHERE key = 'c:TWO' FOR UPDATE")
            )
            ending = asyncio.create_task(storage.write(end_sale))
            await until_one_waits(shop)
            with pytest.raises(DBAPIError, match="could not obtain lock"):
                await lock(shop, "c:ONE")
            await lock(shop, "p:sale")
        await ending
        assert {each.key for each in await shop.rows(promotion_counters)} == {"e:ONE", "e:TWO"}


class TestTheNumberOfUses:
    """It is kept, so that it takes no longer the more orders have a promotion."""

    @pytest.mark.parametrize("before", [AUTOMATIC, LIMITED], ids=["unlimited", "limited"])
    async def test_change_reads_no_uses(
        self, shop: GuardedShop, storage: Storage, before: object
    ) -> None:
        await save(storage, before)  # type: ignore[arg-type]
        await place(storage, cart(ADA), cart(BOB))
        with statements(shop) as sent:
            await save(storage, replace(LIMITED, limit=5))
            await storage.write(end_with_orders)
        assert len(sent) > 5
        assert [each for each, _ in sent if "promotion_uses" in each] == []

    async def test_page_reads_no_uses_and_no_codes(
        self, shop: GuardedShop, storage: Storage
    ) -> None:
        await save(storage, AUTOMATIC)
        await place(storage, cart(ADA), cart(BOB))
        await shop.execute(
            "INSERT INTO promotion_counters (key, promotion, uses_left, rules_version, created_at)"
            " SELECT 'c:' || n, 'sale', 1, 1, now() FROM generate_series(1, 3000) AS n"
        )
        await shop.execute("ANALYZE promotion_counters")
        sent: list[tuple[str, object]] = []
        async with shop.container.unit_of_work() as uow:
            with statements(shop) as sent:
                assert await uow.promotion_counters.used(["sale", "none"]) == {
                    "sale": 2,
                    "none": 0,
                }
        nodes = await plan_nodes(shop, sent)
        scans = [each for each in nodes if each.get("Relation Name") is not None]
        assert {(each["Relation Name"], each["Node Type"]) for each in scans} <= {
            ("promotion_counters", "Index Scan"),
            ("promotion_counters", "Bitmap Heap Scan"),
        }


async def end_with_orders(uow: UnitOfWork) -> None:
    version = await uow.rule_documents.lock()
    assert await stage_end(uow, "sale", version)


@pytest.mark.parametrize(
    ("conditions", "waits"),
    [(Conditions(minimum=eur(501)), False), (Conditions(minimum=eur(500)), True)],
    ids=["not fulfilled", "fulfilled"],
)
async def test_orders_lock_only_what_they_could_have(
    shop: GuardedShop, storage: Storage, conditions: Conditions, *, waits: bool
) -> None:
    await save(storage, replace(LIMITED, conditions=conditions))
    async with shop.database.writer.begin() as other:
        await other.execute(
            text("SELECT * FROM promotion_counters WHERE key = 'p:sale' FOR UPDATE")
        )
        placing = asyncio.create_task(place(storage, cart(ADA)))
        if waits:
            await until_one_waits(shop)
        else:
            assert discounts(await placing) == [0]
    assert discounts(await placing) == [50 if waits else 0]


async def test_uses_are_right_after_orders_and_changes_at_once(
    shop: GuardedShop, storage: Storage
) -> None:
    """Orders come and go, most without locks, while the limit is set and taken away."""
    await save(storage, AUTOMATIC)

    async def order(*, with_locks: bool) -> None:
        for _ in range(6):
            try:
                if with_locks:
                    await close(storage, *(await place(storage, cart(ADA))))
                else:
                    await run_guarded(shop, cart(ADA), cart(BOB))
            except TransientFailure:
                continue

    async def change() -> None:
        for limit in (1_000, None, 500, None, 50_000):
            await save(storage, replace(AUTOMATIC, limit=limit))

    await asyncio.gather(*(order(with_locks=each) for each in (True, False, False, True)), change())
    found = await storage.read(lambda uow: uow.audit.violations(USES, NOW))
    assert (list(found), await used(storage)) == ([], len(await shop.rows(promotion_uses)))
    assert await used(storage) > 0


async def run_guarded(shop: GuardedShop, *carts: CartToPrice) -> None:
    async def work(uow: UnitOfWork) -> None:
        await uow.read_ahead([RowsWanted(known_rules=NO_VERSION, promotions=["sale"])])
        await decide(uow, *carts)
        await uow.commit()

    await shop.container.transaction_runner().write(work, retryable=True, guarded=True)
