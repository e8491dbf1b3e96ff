"""The audit finds what is wrong with the stock, and nothing else."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from shop.application.ports.repositories.audit import Fact
from shop.application.ports.repositories.idempotency_keys import Rejected
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.orders.order import Actor, Order, OrderStatus
from shop.domain.payment import PaymentExpired, PaymentStatus
from tests.contract.books import (
    ADA,
    ORDER,
    bought,
    bring,
    cancelled,
    fill,
    findings,
    follow,
    move,
    pending,
    place,
    refunded,
)
from tests.contract.stores import Stores
from tests.factories import NOW, inventory, line, movement, order, payment, product

pytestmark = pytest.mark.anyio


@pytest.fixture
async def shop(stores: Stores) -> Stores:
    return await fill(stores)


class TestStock:
    async def test_stock_that_no_movement_explains(self, shop: Stores) -> None:
        await shop.commit(
            lambda uow: uow.products.add(product("CUP")),
            lambda uow: uow.inventories.add(inventory("CUP", 3)),
        )

        facts = {
            "sku": "CUP",
            "on_hand": 3,
            "reserved": 0,
            "moved_on_hand": 0,
            "moved_reserved": 0,
        }
        assert await findings(shop) == [(3, "stock-not-sum-of-movements", facts)]

    async def test_a_reservation_that_no_movement_explains(self, shop: Stores) -> None:
        waiting = pending(order(ADA, "1", line("TEA", 4)))
        await place(shop, replace(waiting, reserved={}))
        full, held = inventory("TEA", 20), inventory("TEA", 20, 4)
        kept = movement(full, held, reserved_delta=0, order_id=waiting.order.id)

        async def reserve(uow: UnitOfWork) -> None:
            await uow.inventories.lock(["TEA"])
            uow.inventories.save(held, kept)

        await shop.change(reserve)

        facts = {
            "sku": "TEA",
            "on_hand": 20,
            "reserved": 4,
            "moved_on_hand": 20,
            "moved_reserved": 0,
        }
        taken = _taken(waiting.order, "TEA", quantity=4)
        assert await findings(shop) == [
            (3, "stock-not-sum-of-movements", facts),
            (3, "order-took-other-stock", taken),
        ]

    async def test_a_pending_order_without_a_reservation(self, shop: Stores) -> None:
        waiting = replace(pending(order(ADA, "1", line("TEA", 4))), reserved={})
        await place(shop, waiting)

        facts = {"sku": "TEA", "reserved": 0, "open_quantity": 4}
        assert await findings(shop) == [
            (3, "reserved-not-by-open-orders", facts),
            (3, "order-took-other-stock", _taken(waiting.order, "TEA", quantity=4)),
        ]

    async def test_a_reservation_without_a_pending_order(self, shop: Stores) -> None:
        await place(shop, replace(bought(ORDER), reserved={"TEA": 4}))

        facts = {"sku": "TEA", "reserved": 4, "open_quantity": 0}
        taken = _taken(ORDER, "TEA", quantity=2, on_hand=-2, reserved=4)
        assert await findings(shop) == [
            (3, "reserved-not-by-open-orders", facts),
            (3, "order-took-other-stock", taken),
        ]

    @pytest.mark.parametrize("moved", [None, -1, -3])
    async def test_an_order_that_took_less_or_more_than_was_ordered(
        self, shop: Stores, moved: int | None
    ) -> None:
        taken = {"POT": -1} if moved is None else {"POT": -1, "TEA": moved}
        await place(shop, replace(bought(ORDER), on_hand=taken))

        facts = _taken(ORDER, "TEA", quantity=2, on_hand=moved or 0)
        assert await findings(shop) == [(3, "order-took-other-stock", facts)]

    @pytest.mark.parametrize(
        "status", [OrderStatus.PAID, OrderStatus.SHIPPED, OrderStatus.DELIVERED]
    )
    async def test_an_order_that_took_what_was_not_ordered(
        self, shop: Stores, status: OrderStatus
    ) -> None:
        await shop.stock(product("CUP"), 3)
        last = await bring(shop, status)
        await shop.change(lambda uow: move(uow, replace(last, on_hand={"CUP": -1}, reserved={})))

        taken = _taken(last.order, "CUP", on_hand=-1)
        assert await findings(shop) == [(3, "order-took-other-stock", taken)]

    async def test_a_pending_order_that_took_its_goods_already(self, shop: Stores) -> None:
        waiting = pending(order(ADA, "1", line("TEA", 4)))
        await place(shop, replace(waiting, on_hand={"TEA": -4}))

        taken = _taken(waiting.order, "TEA", quantity=4, on_hand=-4, reserved=4)
        assert await findings(shop) == [(3, "order-took-other-stock", taken)]

    async def test_a_reservation_for_another_pending_order(self, shop: Stores) -> None:
        tea, pot = (pending(order(ADA, sku, line(sku, 2))) for sku in ("TEA", "POT"))
        await place(shop, replace(tea, reserved={"TEA": 2, "POT": 2}))
        await place(shop, replace(pot, reserved={}))

        found = await findings(shop)

        assert sorted(found, key=str) == sorted(
            (
                (3, "order-took-other-stock", _taken(tea.order, "POT", reserved=2)),
                (3, "order-took-other-stock", _taken(pot.order, "POT", quantity=2)),
            ),
            key=str,
        )

    @pytest.mark.parametrize(("put_back", "reserved"), [(3, 0), (1, 0), (-1, 0), (0, 1)])
    async def test_a_refunded_order_that_put_back_what_no_refund_did_or_takes_more(
        self, shop: Stores, put_back: int, reserved: int
    ) -> None:
        await place(shop, bought(ORDER))
        # Another order's reservation is missing, so that the sums agree.
        waiting = pending(order(ADA, "2", line("TEA", 1)))
        await place(shop, replace(waiting, reserved={"TEA": 1 - reserved}))
        moved = replace(refunded(ORDER), on_hand={"TEA": put_back}, reserved={"TEA": reserved})
        await follow(shop, moved)

        found = await findings(shop)

        taken = _taken(moved.order, "TEA", quantity=2, on_hand=put_back - 2, reserved=reserved)
        assert (3, "order-took-other-stock", taken) in found
        assert len(found) == 1 + reserved

    async def test_a_movement_for_an_order_that_there_is_not(self, shop: Stores) -> None:
        full, less = inventory("TEA", 20), inventory("TEA", 19)
        stray = movement(full, less, order_id=ORDER.id)

        async def take(uow: UnitOfWork) -> None:
            await uow.inventories.lock(["TEA"])
            uow.inventories.save(less, stray)

        await shop.change(take)

        facts = {"movement_id": str(stray.id), "order_id": str(ORDER.id), "sku": "TEA"}
        assert await findings(shop) == [(3, "movement-of-no-order", facts)]


class TestGoodsOfDeadOrders:
    async def test_goods_that_were_not_put_back(self, shop: Stores) -> None:
        await place(shop, bought(ORDER))
        await follow(shop, replace(cancelled(ORDER), on_hand={"TEA": 1, "POT": 1}))

        facts = {
            "order_id": str(ORDER.id),
            "status": "cancelled",
            "sku": "TEA",
            "on_hand": -1,
            "reserved": 0,
        }
        assert await findings(shop) == [(5, "dead-order-holds-stock", facts)]

    async def test_goods_that_stay_reserved(self, shop: Stores) -> None:
        waiting = pending(order(ADA, "1", line("TEA", 2)))
        await place(shop, replace(waiting, outcome=Rejected(error=PaymentExpired())))
        expired, event = waiting.order.transition_to(OrderStatus.EXPIRED, at=NOW, actor=Actor.ADMIN)
        step = replace(waiting, order=expired, event=event, reserved={}, jobs=frozenset())
        await follow(shop, replace(step, payment=payment(expired, status=PaymentStatus.VOIDED)))

        facts = {
            "order_id": str(expired.id),
            "status": "expired",
            "sku": "TEA",
            "on_hand": 0,
            "reserved": 2,
        }
        assert await findings(shop) == [
            (3, "reserved-not-by-open-orders", {"sku": "TEA", "reserved": 2, "open_quantity": 0}),
            (5, "dead-order-holds-stock", facts),
        ]


def _taken(
    order: Order, sku: str, *, quantity: int = 0, on_hand: int = 0, reserved: int = 0
) -> Mapping[str, Fact]:
    return {
        "order_id": str(order.id),
        "status": order.status.value,
        "sku": sku,
        "quantity": quantity,
        "restocked": 0,
        "on_hand": on_hand,
        "reserved": reserved,
    }
