"""Counters, uses of promotions, and groups of customers, in every database."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from shop.application.ports.paging import PageRequest
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.orders.order import Actor, Order, OrderStatus
from shop.domain.pricing.promotions.promotion_uses import (
    HeldUse,
    PromotionCounter,
    PromotionUse,
    code_key,
    counter_key,
    customer_key,
    ended_code_key,
)
from tests.contract.storage import Storage
from tests.factories import NOW, id_of, order, user

pytestmark = pytest.mark.anyio

ADA, BOB = user("ada"), user("bob")
ORDERS = tuple(order(ADA, str(number)) for number in range(3))
KEY = customer_key(ADA.id)
LATER = NOW + timedelta(microseconds=1)


def counter(key: str, uses_left: int | None = None, promotion: str = "sale") -> PromotionCounter:
    return PromotionCounter(
        key=key, promotion=promotion, uses_left=uses_left, rules_version=1, created_at=NOW
    )


def single_use(code: str, promotion: str = "sale", **changes: object) -> PromotionCounter:
    made = {"uses_left": 1, "rules_version": 1, "created_at": NOW, **changes}
    return PromotionCounter(key=code_key(code), promotion=promotion, **made)  # type: ignore[arg-type]


LIMITED = counter(counter_key("sale"), 100)
SHARED = counter(code_key("SALE"))


async def add(storage: Storage, *counters: PromotionCounter) -> None:
    await storage.commit(
        *(lambda uow, each=each: uow.promotion_counters.add(each) for each in counters)
    )


async def left(storage: Storage, *keys: str) -> dict[str, int | None]:
    found = await storage.read(lambda uow: uow.promotion_counters.get_many(keys))
    return {key: each.uses_left for key, each in found.items()}


async def stored(storage: Storage, *keys: str) -> list[str]:
    found = await storage.read(lambda uow: uow.promotion_counters.get_many(keys))
    return sorted(found)


class TestCounters:
    async def test_they_are_read_as_they_were_added(self, storage: Storage) -> None:
        await add(storage, LIMITED, SHARED)

        found = await storage.read(
            lambda uow: uow.promotion_counters.get_many([LIMITED.key, SHARED.key, "c:NONE"])
        )
        assert found == {LIMITED.key: LIMITED, SHARED.key: SHARED}

    async def test_locked_ones_are_changed(self, storage: Storage) -> None:
        await add(storage, LIMITED)
        changed = counter(LIMITED.key)

        async def change(uow: UnitOfWork) -> None:
            assert await uow.promotion_counters.lock_whole([LIMITED.key]) == {LIMITED.key: LIMITED}
            uow.promotion_counters.save(changed)

        await storage.write(change)
        found = await storage.read(lambda uow: uow.promotion_counters.get_many([LIMITED.key]))
        assert found == {LIMITED.key: changed}

    async def test_others_are_not_changed(self, storage: Storage) -> None:
        await add(storage, LIMITED)
        async with storage.unit_of_work() as uow:
            with pytest.raises(RuntimeError):
                uow.promotion_counters.save(counter(LIMITED.key))
            await uow.promotion_counters.lock([LIMITED.key])
            with pytest.raises(RuntimeError):
                uow.promotion_counters.save(counter(LIMITED.key))

    async def test_uses_are_taken_and_given_back(self, storage: Storage) -> None:
        code = single_use("A1")
        await add(storage, LIMITED, SHARED, code)

        async def move(uow: UnitOfWork) -> None:
            counters = uow.promotion_counters
            await counters.lock([LIMITED.key, SHARED.key, code.key])
            for key in (LIMITED.key, LIMITED.key, SHARED.key, code.key):
                counters.take(key, 1)

        await storage.write(move)
        assert await left(storage, LIMITED.key, SHARED.key, code.key) == {
            LIMITED.key: 98,
            SHARED.key: None,
            code.key: 0,
        }

        async def move_back(uow: UnitOfWork) -> None:
            await uow.promotion_counters.lock([LIMITED.key, SHARED.key, code.key])
            for key in (LIMITED.key, SHARED.key, code.key):
                uow.promotion_counters.give_back(key)

        await storage.write(move_back)
        assert await left(storage, LIMITED.key, SHARED.key, code.key) == {
            LIMITED.key: 99,
            SHARED.key: None,
            code.key: 1,
        }

    async def test_no_use_is_taken_of_one_that_was_not_locked(self, storage: Storage) -> None:
        await add(storage, LIMITED)
        async with storage.unit_of_work() as uow:
            with pytest.raises(RuntimeError):
                uow.promotion_counters.take(LIMITED.key, 1)
            with pytest.raises(RuntimeError):
                uow.promotion_counters.give_back(LIMITED.key)

    async def test_codes_end_one_by_one_or_with_their_promotion(self, storage: Storage) -> None:
        others = counter(counter_key("other"), promotion="other")
        await add(storage, LIMITED, SHARED, single_use("A1"), others)
        keys = (LIMITED.key, SHARED.key, "c:A1", others.key)

        await storage.commit(lambda uow: uow.promotion_counters.remove(SHARED.key))
        assert await stored(storage, *keys) == ["c:A1", others.key, LIMITED.key]
        await storage.commit(lambda uow: uow.promotion_counters.end_codes("sale"))
        assert await stored(storage, *keys) == [others.key, LIMITED.key]

    async def test_codes_that_have_ended_are_kept_for_those_who_made_them(
        self, storage: Storage
    ) -> None:
        kept = single_use("C", "other")
        await add(storage, LIMITED, SHARED, single_use("A"), single_use("B", uses_left=0), kept)
        await storage.commit(lambda uow: uow.promotion_counters.end_codes("sale"))
        await add(storage, single_use("D", created_at=LATER))

        async def made(uow: UnitOfWork) -> list[object]:
            counters = uow.promotion_counters
            page = await counters.single_use_codes("sale", PageRequest(limit=9, after=None))
            return [
                list(page.items),
                list(await counters.codes_made_at("sale", NOW)),
                await counters.last_made_at("sale"),
            ]

        assert await storage.read(made) == [["D"], ["A", "B"], LATER]
        ended = [ended_code_key(each) for each in ("A", "B", "C", "D", "SALE")]
        assert await left(storage, *ended, kept.key, SHARED.key) == {
            ended[0]: 1,
            ended[1]: 0,
            kept.key: 1,
        }
        await storage.commit(lambda uow: uow.promotion_counters.end_codes("sale"))
        assert await storage.read(made) == [[], ["A", "B"], LATER]


class TestCodesForOneOrder:
    async def test_they_are_listed_by_promotion(self, storage: Storage) -> None:
        codes = ["B-1", "A1", "B1", "A-2"]
        used = single_use("USED", uses_left=0)
        await add(storage, LIMITED, SHARED, *map(single_use, codes), used)
        await add(storage, single_use("OTHER", "other"))

        async def pages(uow: UnitOfWork) -> list[str]:
            first = await uow.promotion_counters.single_use_codes(
                "sale", PageRequest(limit=3, after=None)
            )
            rest = await uow.promotion_counters.single_use_codes(
                "sale", PageRequest(limit=3, after=first.next)
            )
            assert (len(first.items), rest.next) == (3, None)
            return [*first.items, *rest.items]

        assert await storage.read(pages) == sorted([*codes, "USED"])

    async def test_those_made_together_are_found_by_their_time(self, storage: Storage) -> None:
        await add(storage, SHARED, single_use("B"), single_use("A"))
        await add(storage, single_use("C", created_at=LATER), single_use("D", "other"))

        async def made(uow: UnitOfWork) -> list[object]:
            counters = uow.promotion_counters
            return [
                list(await counters.codes_made_at("sale", NOW)),
                list(await counters.codes_made_at("sale", LATER)),
                list(await counters.codes_made_at("none", NOW)),
                await counters.last_made_at("sale"),
                await counters.last_made_at("none"),
            ]

        assert await storage.read(made) == [["A", "B"], ["C"], [], LATER, None]


def use(promotion: str, number: int, n: int | None = None, code: str | None = None) -> PromotionUse:
    return PromotionUse(
        promotion=promotion,
        order_id=ORDERS[number].id,
        customer_key=customer_key(ADA.id),
        n=n,
        code=code,
        created_at=NOW + timedelta(seconds=number),
    )


def add_order(placed: Order, uow: UnitOfWork) -> None:
    change = replace(placed, status=OrderStatus.PAID).initial_status_change(actor=Actor.CUSTOMER)
    uow.orders.add(placed, change)


class TestUses:
    @pytest.fixture(autouse=True)
    async def orders(self, storage: Storage) -> None:
        """Have three orders, of which the first waits for its card."""
        waiting = replace(ORDERS[0], status=OrderStatus.PENDING)
        await storage.commit(
            lambda uow: uow.users.add(ADA),
            lambda uow: uow.users.add(BOB),
            *(partial(add_order, each) for each in (waiting, *ORDERS[1:])),
        )

    async def uses(self, storage: Storage, *uses: PromotionUse) -> None:
        await storage.commit(
            *(lambda uow, each=each: uow.promotion_uses.add(each) for each in uses)
        )

    async def numbers(self, storage: Storage, *promotions: str) -> list[int | None]:
        held = await storage.read(
            lambda uow: uow.promotion_uses.of_customers(promotions, [customer_key(ADA.id)])
        )
        return [each.n for promotion in promotions for each in held[promotion, KEY]]

    async def test_they_are_found_by_code(self, storage: Storage) -> None:
        await self.uses(
            storage,
            use("sale", 0, code="A1"),
            use("sale", 1),
            use("other", 1, 1, "B1"),
            use("other", 2, 2, "A1"),
        )

        by_code = await storage.read(
            lambda uow: uow.promotion_uses.orders_by_code("sale", ["A1", "B1"])
        )
        assert by_code == {"A1": ORDERS[0].id}

    async def test_those_of_a_customer_are_found(self, storage: Storage) -> None:
        await self.uses(
            storage, use("sale", 1, 2), use("sale", 0, 1, "A1"), use("other", 1), use("third", 1)
        )

        found = await storage.read(
            lambda uow: uow.promotion_uses.of_customers(
                ["sale", "other", "none"], [KEY, customer_key(BOB.id)]
            )
        )
        assert dict(found) == {
            ("sale", KEY): [
                HeldUse(order_id=ORDERS[0].id, n=1, code="A1", is_pending=True),
                HeldUse(order_id=ORDERS[1].id, n=2, code=None, is_pending=False),
            ],
            ("other", KEY): [HeldUse(order_id=ORDERS[1].id, n=None, code=None, is_pending=False)],
        }

    async def test_one_that_is_removed_leaves_its_number_free(self, storage: Storage) -> None:
        await self.uses(storage, use("sale", 0, 1), use("sale", 1, 2), use("other", 0, 1))

        await storage.commit(lambda uow: uow.promotion_uses.remove("sale", ORDERS[0].id))
        await self.uses(storage, use("sale", 2, 1))
        assert await self.numbers(storage, "sale", "other") == [2, 1, 1]

    async def test_those_above_a_new_limit_lose_their_number(self, storage: Storage) -> None:
        await self.uses(
            storage, use("sale", 0, 1), use("sale", 1, 2), use("sale", 2), use("other", 0, 3)
        )

        await storage.commit(lambda uow: uow.promotion_uses.forget_numbers("sale", above=1))
        assert await self.numbers(storage, "sale", "other") == [1, None, None, 3]

    async def test_customers_have_ordered_unless_their_orders_came_to_nothing(
        self, storage: Storage
    ) -> None:
        cyd = user("cyd")
        failed = replace(order(BOB, "bob"), status=OrderStatus.EXPIRED)
        await storage.commit(lambda uow: uow.users.add(cyd), partial(add_order, failed))

        found = await storage.read(
            lambda uow: uow.promotion_uses.customers_with_orders([ADA.id, BOB.id, cyd.id])
        )
        assert found == {ADA.id}


class TestGroups:
    async def test_customers_join_and_leave_them(self, storage: Storage) -> None:
        await storage.commit(lambda uow: uow.users.add(ADA), lambda uow: uow.users.add(BOB))
        await storage.commit(
            lambda uow: uow.customer_groups.change(ADA.id, [], ["staff", "friends"]),
            lambda uow: uow.customer_groups.change(BOB.id, [], ["friends"]),
        )
        await storage.commit(
            lambda uow: uow.customer_groups.change(ADA.id, ["staff", "friends"], ["vip", "staff"])
        )

        stranger = id_of("stranger")
        found = await storage.read(lambda uow: uow.customer_groups.of_users([ADA.id, stranger]))
        assert found == {ADA.id: {"vip", "staff"}, stranger: frozenset()}
        found = await storage.read(lambda uow: uow.customer_groups.of_users([BOB.id]))
        assert found == {BOB.id: {"friends"}}
