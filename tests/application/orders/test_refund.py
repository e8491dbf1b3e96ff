"""Refunds of an order: whole or in parts, never more than was paid."""

import asyncio

import pytest

from shop.application.checkout.placed_order import PlacedOrder
from shop.application.idempotency.results import IdempotencyKeyReused
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import CommitOutcomeUnknown, TransientFailure
from shop.domain.account import ShopAccount, TransferKind
from shop.domain.orders.order import OrderStatus
from shop.domain.orders.refund import Refund, RefundLine, RefundStatus
from shop.domain.orders.shipment import QuantityExceedsOrder, ShipmentEventKind
from shop.domain.payment import PaymentMethod, PaymentStatus
from tests.application.memory_shop import WELCOME_CREDIT, MemoryShop
from tests.application.orders.refund_requests import (
    DELIVERY,
    REMAINING,
    SHIPMENT,
    assert_rejected,
    order_state,
    record_shipment_event,
    refund_of,
    refund_order,
    reply_to,
)
from tests.factories import EUR, eur, line_quantities

pytestmark = pytest.mark.anyio


class TestAWholeOrder:
    async def test_is_refunded_to_the_paying_account(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        refund = await refund_of(shop, refund_order(admin, placed))

        assert order_state(shop, placed) == (OrderStatus.REFUNDED, PaymentStatus.REFUNDED)
        assert (refund.amount, refund.to, refund.status) == (
            eur(300),
            PaymentMethod.ACCOUNT,
            RefundStatus.SUCCEEDED,
        )
        assert (shop.balance("ada"), shop.balance("root")) == (WELCOME_CREDIT, WELCOME_CREDIT)
        assert (shop.on_hand("TEA"), shop.on_hand("COFFEE")) == (3, 1)
        event = shop.state.status_changes.rows[placed.order.id, 2]
        assert (event.from_status, event.to_status, event.actor) == ("paid", "refunded", "admin")
        transfer = shop.state.transfers.rows[refund.id]
        assert (transfer.kind, transfer.amount) == (TransferKind.REFUND, eur(300))
        assert transfer.debit_account_id == ShopAccount.SALES.account_id(EUR)
        assert transfer.credit_account_id == shop.account("ada").id
        assert (transfer.order_id, transfer.note) == (placed.order.id, "Broken")

    async def test_is_restocked_on_request(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        refund = await refund_of(shop, refund_order(admin, placed, restock=True))

        assert (shop.on_hand("TEA"), shop.on_hand("COFFEE")) == (5, 2)
        assert refund.lines == (
            RefundLine(sku="TEA", quantity=2, cancelled_quantity=2, amount=200, tax=0),
            RefundLine(sku="COFFEE", quantity=1, cancelled_quantity=1, amount=100, tax=0),
        )

    @pytest.mark.parametrize("kinds", [[SHIPMENT], [SHIPMENT, DELIVERY]])
    async def test_may_be_shipped_or_delivered(
        self,
        shop: MemoryShop,
        admin: SessionToken,
        placed: PlacedOrder,
        kinds: list[ShipmentEventKind],
    ) -> None:
        for kind in kinds:
            await record_shipment_event(shop, admin, placed, kind)

        refund = await refund_of(shop, refund_order(admin, placed, restock=True))

        assert order_state(shop, placed) == (OrderStatus.REFUNDED, PaymentStatus.REFUNDED)
        assert {line.cancelled_quantity for line in refund.lines} == {0}
        assert shop.on_hand("TEA") == 5


class TestPartOfAnOrder:
    async def test_refunds_the_price_of_its_lines(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        refund = await refund_of(
            shop, refund_order(admin, placed, lines=line_quantities(TEA=1), restock=True)
        )

        assert refund.amount == eur(100)
        assert order_state(shop, placed) == (OrderStatus.PAID, PaymentStatus.CAPTURED)
        assert (shop.balance("ada"), shop.on_hand("TEA")) == (REMAINING + 100, 4)

    async def test_refunds_an_amount_without_lines(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        refund = await refund_of(shop, refund_order(admin, placed, amount=eur(7)))

        assert (refund.amount, refund.lines) == (eur(7), ())
        assert (shop.balance("ada"), shop.on_hand("TEA")) == (REMAINING + 7, 3)

    async def test_refunds_another_amount_for_its_lines(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        command = refund_order(
            admin, placed, lines=line_quantities(TEA=2), amount=eur(150), restock=True
        )
        refund = await refund_of(shop, command)

        assert (refund.amount, shop.balance("ada"), shop.on_hand("TEA")) == (
            eur(150),
            REMAINING + 150,
            5,
        )

    async def test_refunds_step_by_step_to_the_whole(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        await refund_of(shop, refund_order(admin, placed, "key-0001", lines=line_quantities(TEA=1)))
        await refund_of(shop, refund_order(admin, placed, "key-0002", amount=eur(50)))
        assert order_state(shop, placed) == (OrderStatus.PAID, PaymentStatus.CAPTURED)

        rest = await refund_of(shop, refund_order(admin, placed, "key-0003", restock=True))

        assert (rest.number, rest.amount) == (3, eur(150))
        assert [line.sku for line in rest.lines] == ["TEA", "COFFEE"]
        assert order_state(shop, placed) == (OrderStatus.REFUNDED, PaymentStatus.REFUNDED)
        assert (shop.balance("ada"), shop.on_hand("TEA"), shop.on_hand("COFFEE")) == (
            WELCOME_CREDIT,
            4,
            2,
        )

    async def test_refunds_the_order_when_nothing_is_left(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        await refund_of(shop, refund_order(admin, placed, amount=eur(300)))

        assert order_state(shop, placed) == (OrderStatus.REFUNDED, PaymentStatus.REFUNDED)

    async def test_that_was_refunded_is_not_shipped(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        await refund_of(shop, refund_order(admin, placed, lines=line_quantities(TEA=2)))
        with pytest.raises(QuantityExceedsOrder):
            await record_shipment_event(shop, admin, placed, SHIPMENT, TEA=1)

        await record_shipment_event(shop, admin, placed, SHIPMENT)

        (shipment_event,) = shop.state.shipment_events.rows.values()
        assert shipment_event.lines == line_quantities(COFFEE=1)
        assert order_state(shop, placed) == (OrderStatus.SHIPPED, PaymentStatus.CAPTURED)

    async def test_that_will_not_be_shipped_may_complete_the_order(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        await record_shipment_event(shop, admin, placed, SHIPMENT, TEA=2)
        await record_shipment_event(shop, admin, placed, DELIVERY)

        await refund_of(
            shop, refund_order(admin, placed, lines=line_quantities(COFFEE=1), restock=True)
        )

        assert order_state(shop, placed) == (OrderStatus.DELIVERED, PaymentStatus.CAPTURED)
        history = [
            shop.state.status_changes.rows[placed.order.id, each].to_status for each in (1, 2, 3)
        ]
        assert history == ["paid", "shipped", "delivered"]

    async def test_that_was_shipped_is_refunded_after_the_unshipped(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        await record_shipment_event(shop, admin, placed, SHIPMENT, TEA=1)

        refund = await refund_of(shop, refund_order(admin, placed, lines=line_quantities(TEA=2)))

        assert refund.lines == (
            RefundLine(sku="TEA", quantity=2, cancelled_quantity=1, amount=200, tax=0),
        )


class TestUnderAKey:
    async def test_repeated_refund_is_replayed_and_happens_once(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        command = refund_order(admin, placed, amount=eur(7))
        first = await reply_to(shop, command)
        before = shop.state

        again = await reply_to(shop, command)

        assert (again.value, first.replayed, again.replayed) == (first.value, False, True)
        assert shop.state == before

    async def test_concurrent_requests_refund_once(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        command = refund_order(admin, placed, amount=eur(7))
        refunds = await asyncio.gather(*(refund_of(shop, command) for _ in range(5)))

        assert {each.id for each in refunds} == {refunds[0].id}
        assert shop.balance("ada") == REMAINING + 7

    async def test_different_request_is_rejected(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        await refund_of(shop, refund_order(admin, placed, amount=eur(7)))

        again = refund_order(admin, placed, amount=eur(8))
        await assert_rejected(shop, again, IdempotencyKeyReused())

    async def test_concurrent_refunds_never_exceed_the_payment(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        commands = [
            refund_order(admin, placed, f"key-000{number}", amount=eur(100)) for number in range(5)
        ]
        replies = await asyncio.gather(*(reply_to(shop, each) for each in commands))

        refunds = [each.value for each in replies if isinstance(each.value, Refund)]
        assert sorted(each.number for each in refunds) == [1, 2, 3]
        assert shop.balance("ada") == WELCOME_CREDIT

    @pytest.mark.parametrize(
        "fault",
        [
            ("commit", TransientFailure("conflict")),
            ("committed", CommitOutcomeUnknown("connection lost")),
        ],
    )
    async def test_interrupted_refund_happens_once(
        self,
        shop: MemoryShop,
        admin: SessionToken,
        placed: PlacedOrder,
        fault: tuple[str, Exception],
    ) -> None:
        shop.faults.plan(fault)

        refund = await refund_of(shop, refund_order(admin, placed, amount=eur(7)))

        assert shop.state.refunds.rows == {refund.id: refund}
        assert shop.balance("ada") == REMAINING + 7


async def test_customers_see_their_refunds(
    shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
) -> None:
    first = await refund_of(shop, refund_order(admin, placed, "k-1", amount=eur(1)))
    second = await refund_of(shop, refund_order(admin, placed, "k-2", lines=line_quantities(TEA=1)))

    consult = shop.container.order_queries()
    for name in ("ada", "root"):
        assert await consult.refunds(shop.user(name), placed.order.id) == (first, second)
