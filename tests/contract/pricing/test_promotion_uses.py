"""Counters, uses of promotions, and groups of customers, in every database."""

from datetime import timedelta

import pytest

from shop.application.ports.paging import PageRequest
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.orders.order import Actor
from shop.domain.pricing.promotions.promotion_uses import (
    PromotionCounter,
    PromotionUse,
    code_key,
    counter_key,
)
from tests.contract.storage import Storage
from tests.factories import NOW, id_of, order, user

pytestmark = pytest.mark.anyio

ADA, BOB = user("ada"), user("bob")
ORDERS = tuple(order(ADA, str(number)) for number in range(3))
LATER = NOW + timedelta(microseconds=1)


def counter(key: str, uses_left: int | None = None, promotion: str = "sale") -> PromotionCounter:
    return PromotionCounter(key=key, promotion=promotion, uses_left=uses_left, created_at=NOW)


def single_use(code: str, promotion: str = "sale", **changes: object) -> PromotionCounter:
    made = {"uses_left": 1, "created_at": NOW, **changes}
    return PromotionCounter(key=code_key(code), promotion=promotion, **made)  # type: ignore[arg-type]


LIMITED = counter(counter_key("sale"), 100)
SHARED = counter(code_key("SALE"))


async def add(storage: Storage, *counters: PromotionCounter) -> None:
    await storage.commit(
        *(lambda uow, each=each: uow.promotion_counters.add(each) for each in counters)
    )


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
            assert await uow.promotion_counters.lock([LIMITED.key]) == {LIMITED.key: LIMITED}
            uow.promotion_counters.save(changed)

        await storage.write(change)
        found = await storage.read(lambda uow: uow.promotion_counters.get_many([LIMITED.key]))
        assert found == {LIMITED.key: changed}

    async def test_others_are_not_changed(self, storage: Storage) -> None:
        await add(storage, LIMITED)
        async with storage.unit_of_work() as uow:
            with pytest.raises(RuntimeError):
                uow.promotion_counters.save(counter(LIMITED.key))

    async def test_they_end_one_by_one_or_with_their_promotion(self, storage: Storage) -> None:
        others = counter(counter_key("other"), promotion="other")
        await add(storage, LIMITED, SHARED, single_use("A1"), others)
        keys = (LIMITED.key, SHARED.key, "c:A1", others.key)

        await storage.commit(lambda uow: uow.promotion_counters.remove(SHARED.key))
        assert await stored(storage, *keys) == ["c:A1", others.key, LIMITED.key]
        await storage.commit(lambda uow: uow.promotion_counters.remove_all("sale"))
        assert await stored(storage, *keys) == [others.key]


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


class TestUses:
    async def test_they_are_counted_and_found_by_code(self, storage: Storage) -> None:
        await storage.commit(
            lambda uow: uow.users.add(ADA),
            *(
                lambda uow, each=each: uow.orders.add(
                    each, each.initial_status_change(actor=Actor.CUSTOMER)
                )
                for each in ORDERS
            ),
        )
        made = [
            PromotionUse(
                promotion=promotion,
                order_id=ORDERS[number].id,
                customer_key=f"user:{ADA.id}",
                n=n,
                code=code,
                created_at=NOW,
            )
            for promotion, number, n, code in (
                ("sale", 0, None, "A1"),
                ("sale", 1, None, None),
                ("other", 1, 1, "B1"),
                ("other", 2, 2, "A1"),
            )
        ]
        await storage.commit(
            *(lambda uow, each=each: uow.promotion_uses.add(each) for each in made)
        )

        counts = await storage.read(
            lambda uow: uow.promotion_uses.counts(["sale", "none", "other"])
        )
        assert counts == {"sale": 2, "none": 0, "other": 2}
        by_code = await storage.read(
            lambda uow: uow.promotion_uses.orders_by_code("sale", ["A1", "B1"])
        )
        assert by_code == {"A1": ORDERS[0].id}


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
