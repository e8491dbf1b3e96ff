"""The audit finds uses of promotions that are wrong, and nothing else."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from shop.application.ports.repositories.audit import INVARIANTS, Fact
from shop.application.ports.repositories.pricing.promotion_counters import PromotionCounters
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.orders.order import Actor, Order, OrderStatus
from shop.domain.pricing.promotions.percentage import Percentage
from shop.domain.pricing.promotions.promotion import Conditions
from shop.domain.pricing.promotions.promotion_uses import (
    PromotionUse,
    code_key,
    counter_key,
    customer_key,
)
from tests.contract.pricing.promoted_orders import (
    ADA,
    BOB,
    add_codes,
    cart,
    close,
    end,
    place,
    save,
)
from tests.contract.storage import Storage
from tests.domain.pricing.examples import promotion
from tests.factories import NOW

pytestmark = pytest.mark.anyio

AUTOMATIC = promotion(Percentage(percentage=10_000))
SALE = replace(AUTOMATIC, code="SALE", requires_code=True, limit=5)
(USES,) = (each for each in INVARIANTS if each.number == 17)


@pytest.fixture
async def placed(storage: Storage) -> Order:
    """Place an order of Ada's with the sale."""
    await storage.commit(lambda uow: uow.users.add(ADA), lambda uow: uow.users.add(BOB))
    await save(storage, SALE)
    return await one(storage, "SALE")


async def one(storage: Storage, *codes: str) -> Order:
    (order,) = await place(storage, cart(ADA, *codes), status=OrderStatus.PENDING)
    assert isinstance(order, Order)
    return order


async def findings(storage: Storage) -> list[tuple[str, Mapping[str, Fact]]]:
    found = await storage.read(lambda uow: uow.audit.violations(USES, NOW))
    return [(each.rule, each.facts) for each in found]


async def set_left(storage: Storage, key: str, left: int | None) -> None:
    async def work(uow: UnitOfWork) -> None:
        counter = (await uow.promotion_counters.lock_whole([key]))[key]
        uow.promotion_counters.save(replace(counter, uses_left=left))

    await storage.write(work)


async def count_one(storage: Storage, change: Callable[[PromotionCounters], None]) -> None:
    async def work(uow: UnitOfWork) -> None:
        await uow.promotion_counters.lock([counter_key("sale")])
        change(uow.promotion_counters)

    await storage.write(work)


def use(order: Order, n: int | None = None) -> PromotionUse:
    return PromotionUse(
        promotion="sale",
        order_id=order.id,
        customer_key=customer_key(ADA.id),
        n=n,
        code="SALE",
        created_at=NOW,
    )


async def test_uses_that_were_taken_and_given_back_are_right(
    storage: Storage, placed: Order
) -> None:
    await place(storage, cart(BOB, "SALE"), cart(ADA))
    await close(storage, placed)
    await save(storage, replace(SALE, limit=3, limit_per_customer=1))
    await add_codes(storage, "ONE", "TWO")
    await place(storage, cart(ADA, "ONE"))
    await save(storage, replace(SALE, limit=None))
    unlimited = await place(storage, cart(ADA, "SALE"), cart(BOB, "SALE"))
    await close(storage, unlimited[0])
    await save(storage, replace(SALE, limit=4))
    await close(storage, unlimited[1])
    await save(storage, replace(SALE, limit=None, conditions=Conditions(is_for_first_order=True)))
    await save(storage, replace(AUTOMATIC, slug="other", limit=1))
    assert await findings(storage) == []
    await end(storage)
    assert await findings(storage) == []


async def test_use_of_a_closed_order_is_reported(storage: Storage, placed: Order) -> None:
    async def decline(uow: UnitOfWork) -> None:
        await uow.orders.lock([placed.id])
        uow.orders.save(*placed.transition_to(OrderStatus.DECLINED, at=NOW, actor=Actor.GATEWAY))

    await storage.write(decline)
    facts = {"promotion": "sale", "order_id": str(placed.id), "status": "declined"}
    assert await findings(storage) == [("closed-order-holds-use", facts)]


async def test_promotion_of_an_order_without_a_use_is_reported(
    storage: Storage, placed: Order
) -> None:
    await storage.commit(lambda uow: uow.promotion_uses.remove("sale", placed.id))
    await count_one(storage, lambda counters: counters.give_back(counter_key("sale")))
    facts = {"promotion": "sale", "order_id": str(placed.id), "code": "SALE"}
    assert await findings(storage) == [("uses-differ-from-orders", facts)]


async def test_use_of_an_order_without_the_promotion_is_reported(
    storage: Storage, placed: Order
) -> None:
    del placed
    plain = await one(storage)
    await storage.commit(lambda uow: uow.promotion_uses.add(use(plain)))
    await count_one(storage, lambda counters: counters.take(counter_key("sale"), 1))
    facts = {"promotion": "sale", "order_id": str(plain.id), "code": "SALE"}
    assert await findings(storage) == [("uses-differ-from-orders", facts)]


@pytest.mark.parametrize("left", [5, 3, None])
async def test_counter_that_differs_from_the_uses_is_reported(
    storage: Storage, placed: Order, left: int | None
) -> None:
    del placed
    await set_left(storage, counter_key("sale"), left)
    facts = {"promotion": "sale", "code": None, "use_limit": 5, "uses_left": left, "uses": 1}
    assert await findings(storage) == [("uses-exceed-limit", facts)]


async def test_counter_without_a_limit_that_counts_is_reported(
    storage: Storage, placed: Order
) -> None:
    del placed
    await save(storage, replace(SALE, limit=None))
    assert await findings(storage) == []
    await set_left(storage, counter_key("sale"), 4)
    facts = {"promotion": "sale", "code": None, "use_limit": None, "uses_left": 4, "uses": 1}
    assert await findings(storage) == [("uses-exceed-limit", facts)]


async def test_code_for_one_order_that_is_left_after_its_use_is_reported(
    storage: Storage, placed: Order
) -> None:
    del placed
    await add_codes(storage, "ONE", "TWO")
    await one(storage, "ONE")
    assert await findings(storage) == []
    await set_left(storage, code_key("ONE"), 1)
    facts = {"promotion": "sale", "code": "ONE", "use_limit": 1, "uses_left": 1, "uses": 1}
    assert await findings(storage) == [("uses-exceed-limit", facts)]


@pytest.mark.parametrize("n", [0, 3])
@pytest.mark.parametrize(
    "limit",
    [{"limit_per_customer": 2}, {"conditions": Conditions(is_for_first_order=True)}],
    ids=["each", "first order"],
)
async def test_use_with_a_number_that_no_customer_can_have_is_reported(
    storage: Storage, placed: Order, n: int, limit: Mapping[str, object]
) -> None:
    promoted = replace(SALE, **limit)  # type: ignore[arg-type]  # One of two fields.
    await save(storage, promoted)
    await storage.commit(lambda uow: uow.promotion_uses.remove("sale", placed.id))
    await storage.commit(lambda uow: uow.promotion_uses.add(use(placed, n)))
    facts = {
        "promotion": "sale",
        "order_id": str(placed.id),
        "customer_key": customer_key(ADA.id),
        "n": n,
        "uses_per_customer": promoted.uses_per_customer,
    }
    assert await findings(storage) == [("customer-exceeds-limit", facts)]
