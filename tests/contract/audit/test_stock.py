"""The audit finds what is wrong with the stock, and nothing else."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from shop.application.ports.repositories.audit import Fact
from shop.application.ports.repositories.idempotency_keys import Rejected
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.orders.order import Actor, Order, OrderStatus
from shop.domain.payment import PaymentExpired, PaymentStatus
from tests.contract.audit.consistent_orders import (
    ADA,
    ORDER,
    cancelled,
    findings,
    paid,
    pending,
    refunded,
    store_next_step,
    store_order,
    store_order_with_status,
    store_stock_movements,
)
from tests.contract.storage import Storage
from tests.factories import NOW, inventory, line, order, payment, product, stock_movement

pytestmark = pytest.mark.anyio


class TestStock:
    async def test_stock_without_matching_movements_is_reported(self, shop: Storage) -> None:
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
        assert await findings(shop) == [(3, "stock-differs-from-movements", facts)]

    async def test_reservation_without_a_movement_is_reported(self, shop: Storage) -> None:
        waiting = pending(order(ADA, "1", line("TEA", 4)))
        await store_order(shop, replace(waiting, reserved={}))
        full, held = inventory("TEA", 20), inventory("TEA", 20, 4)
        kept = stock_movement(full, held, reserved_delta=0, order_id=waiting.order.id)

        async def reserve(uow: UnitOfWork) -> None:
            await uow.inventories.lock(["TEA"])
            uow.inventories.save(held, kept)

        await shop.write(reserve)

        facts = {
            "sku": "TEA",
            "on_hand": 20,
            "reserved": 4,
            "moved_on_hand": 20,
            "moved_reserved": 0,
        }
        taken = _taken(waiting.order, "TEA", quantity=4)
        assert await findings(shop) == [
            (3, "stock-differs-from-movements", facts),
            (3, "stock-differs-from-order", taken),
        ]

    async def test_pending_order_without_a_reservation_is_reported(self, shop: Storage) -> None:
        waiting = replace(pending(order(ADA, "1", line("TEA", 4))), reserved={})
        await store_order(shop, waiting)

        facts = {"sku": "TEA", "reserved": 0, "open_quantity": 4}
        assert await findings(shop) == [
            (3, "reserved-differs-from-pending-orders", facts),
            (3, "stock-differs-from-order", _taken(waiting.order, "TEA", quantity=4)),
        ]

    async def test_reservation_without_a_pending_order_is_reported(self, shop: Storage) -> None:
        await store_order(shop, replace(paid(ORDER), reserved={"TEA": 4}))

        facts = {"sku": "TEA", "reserved": 4, "open_quantity": 0}
        taken = _taken(ORDER, "TEA", quantity=2, on_hand=-2, reserved=4)
        assert await findings(shop) == [
            (3, "reserved-differs-from-pending-orders", facts),
            (3, "stock-differs-from-order", taken),
        ]

    @pytest.mark.parametrize("moved", [None, -1, -3])
    async def test_order_with_other_quantities_than_ordered_is_reported(
        self, shop: Storage, moved: int | None
    ) -> None:
        taken = {"POT": -1} if moved is None else {"POT": -1, "TEA": moved}
        await store_order(shop, replace(paid(ORDER), on_hand=taken))

        facts = _taken(ORDER, "TEA", quantity=2, on_hand=moved or 0)
        assert await findings(shop) == [(3, "stock-differs-from-order", facts)]

    @pytest.mark.parametrize(
        "status", [OrderStatus.PAID, OrderStatus.SHIPPED, OrderStatus.DELIVERED]
    )
    async def test_order_with_an_unordered_product_is_reported(
        self, shop: Storage, status: OrderStatus
    ) -> None:
        await shop.add_product(product("CUP"), 3)
        last = await store_order_with_status(shop, status)
        await shop.write(
            lambda uow: store_stock_movements(uow, replace(last, on_hand={"CUP": -1}, reserved={}))
        )

        taken = _taken(last.order, "CUP", on_hand=-1)
        assert await findings(shop) == [(3, "stock-differs-from-order", taken)]

    async def test_pending_order_with_sold_stock_is_reported(self, shop: Storage) -> None:
        waiting = pending(order(ADA, "1", line("TEA", 4)))
        await store_order(shop, replace(waiting, on_hand={"TEA": -4}))

        taken = _taken(waiting.order, "TEA", quantity=4, on_hand=-4, reserved=4)
        assert await findings(shop) == [(3, "stock-differs-from-order", taken)]

    async def test_reservation_for_another_pending_order_is_reported(self, shop: Storage) -> None:
        tea, pot = (pending(order(ADA, sku, line(sku, 2))) for sku in ("TEA", "POT"))
        await store_order(shop, replace(tea, reserved={"TEA": 2, "POT": 2}))
        await store_order(shop, replace(pot, reserved={}))

        found = await findings(shop)

        assert sorted(found, key=str) == sorted(
            (
                (3, "stock-differs-from-order", _taken(tea.order, "POT", reserved=2)),
                (3, "stock-differs-from-order", _taken(pot.order, "POT", quantity=2)),
            ),
            key=str,
        )

    @pytest.mark.parametrize(("put_back", "reserved"), [(3, 0), (1, 0), (-1, 0), (0, 1)])
    async def test_refunded_order_with_unexplained_stock_is_reported(
        self, shop: Storage, put_back: int, reserved: int
    ) -> None:
        await store_order(shop, paid(ORDER))
        # Another order's reservation is missing, so that the sums agree.
        waiting = pending(order(ADA, "2", line("TEA", 1)))
        await store_order(shop, replace(waiting, reserved={"TEA": 1 - reserved}))
        moved = replace(refunded(ORDER), on_hand={"TEA": put_back}, reserved={"TEA": reserved})
        await store_next_step(shop, moved)

        found = await findings(shop)

        taken = _taken(moved.order, "TEA", quantity=2, on_hand=put_back - 2, reserved=reserved)
        assert (3, "stock-differs-from-order", taken) in found
        assert len(found) == 1 + reserved

    async def test_movement_for_a_missing_order_is_reported(self, shop: Storage) -> None:
        full, less = inventory("TEA", 20), inventory("TEA", 19)
        stray = stock_movement(full, less, order_id=ORDER.id)

        async def take(uow: UnitOfWork) -> None:
            await uow.inventories.lock(["TEA"])
            uow.inventories.save(less, stray)

        await shop.write(take)

        facts = {"movement_id": str(stray.id), "order_id": str(ORDER.id), "sku": "TEA"}
        assert await findings(shop) == [(3, "movement-without-order", facts)]


class TestStockOfClosedOrders:
    async def test_stock_not_restocked_is_reported(self, shop: Storage) -> None:
        await store_order(shop, paid(ORDER))
        await store_next_step(shop, replace(cancelled(ORDER), on_hand={"TEA": 1, "POT": 1}))

        facts = {
            "order_id": str(ORDER.id),
            "status": "cancelled",
            "sku": "TEA",
            "on_hand": -1,
            "reserved": 0,
        }
        assert await findings(shop) == [(5, "closed-order-holds-stock", facts)]

    async def test_stock_still_reserved_is_reported(self, shop: Storage) -> None:
        waiting = pending(order(ADA, "1", line("TEA", 2)))
        await store_order(shop, replace(waiting, outcome=Rejected(error=PaymentExpired())))
        expired, event = waiting.order.transition_to(OrderStatus.EXPIRED, at=NOW, actor=Actor.ADMIN)
        step = replace(waiting, order=expired, event=event, reserved={}, jobs=frozenset())
        await store_next_step(
            shop, replace(step, payment=payment(expired, status=PaymentStatus.VOIDED))
        )

        facts = {
            "order_id": str(expired.id),
            "status": "expired",
            "sku": "TEA",
            "on_hand": 0,
            "reserved": 2,
        }
        assert await findings(shop) == [
            (
                3,
                "reserved-differs-from-pending-orders",
                {"sku": "TEA", "reserved": 2, "open_quantity": 0},
            ),
            (5, "closed-order-holds-stock", facts),
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
