"""A cancelled order gives back exactly what it took."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from shop.application.checkout.placed_order import PlacedOrder
from shop.application.ledger.transfer_batch import GrantCredit
from shop.application.orders.cancel import CancelOrder
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import CommitOutcomeUnknown, TransientFailure
from shop.domain.account import BalanceTooLarge, ShopAccount, TransferKind
from shop.domain.inventory import MAX_ON_HAND, StockMovementKind
from shop.domain.orders.order import OrderNotFound, OrderStatus
from shop.domain.payment import PaymentStatus
from shop.domain.session import NotSignedIn, SessionExpired
from shop.domain.shared.errors import ShopError
from shop.domain.shared.money import MAX_AMOUNT
from shop.domain.shared.state_machine import IllegalTransition
from tests.application.memory_shop import (
    IDLE_SECONDS,
    WELCOME_CREDIT,
    MemoryShop,
    add_stock,
    place_order,
)
from tests.clock import FakeClock
from tests.factories import EUR, NOW, eur, id_of

pytestmark = pytest.mark.anyio


def _cancel(token: SessionToken | None, placed: PlacedOrder) -> CancelOrder:
    return CancelOrder(session=token, order_id=placed.order.id)


async def test_cancellation_refunds_and_restocks(
    shop: MemoryShop, ada_token: SessionToken, placed: PlacedOrder
) -> None:
    done = (await shop.container.cancel_orders().cancel(_cancel(ada_token, placed))).unwrap()

    assert (done.order.status, done.order.version) == (OrderStatus.CANCELLED, 2)
    assert done.payment.status is PaymentStatus.REFUNDED
    assert shop.state.orders.rows == {done.order.id: done.order}
    assert shop.state.payments.rows == {done.order.id: done.payment}
    assert (shop.balance("ada"), shop.on_hand("TEA"), shop.on_hand("COFFEE")) == (
        WELCOME_CREDIT,
        5,
        2,
    )
    assert await shop.audit_violations() == []


async def test_cancellation_records_transfer_movement_and_status_change(
    shop: MemoryShop, ada_token: SessionToken, placed: PlacedOrder
) -> None:
    await shop.container.cancel_orders().cancel(_cancel(ada_token, placed))

    (returned,) = (
        each for each in shop.state.transfers.rows.values() if each.kind is TransferKind.REFUND
    )
    assert returned.debit_account_id == ShopAccount.SALES.account_id(EUR)
    assert returned.credit_account_id == shop.account("ada").id
    assert (returned.amount, returned.order_id) == (eur(300), placed.order.id)
    undone = {
        (each.sku, each.on_hand_delta, each.order_id)
        for each in shop.state.stock_movements.rows.values()
        if each.kind is StockMovementKind.RESTOCK
    }
    assert undone == {("TEA", 2, placed.order.id), ("COFFEE", 1, placed.order.id)}
    event = shop.state.status_changes.rows[placed.order.id, 2]
    assert (event.from_status, event.to_status, event.actor) == ("paid", "cancelled", "customer")
    assert event.created_at == NOW


async def test_admin_can_cancel_for_a_customer_who_gets_the_money(
    shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
) -> None:
    await shop.container.cancel_orders().cancel(_cancel(admin, placed))

    assert (shop.balance("ada"), shop.balance("root")) == (WELCOME_CREDIT, WELCOME_CREDIT)
    assert shop.state.status_changes.rows[placed.order.id, 2].actor == "admin"
    assert await shop.audit_violations() == []


async def test_key_still_returns_the_order_as_placed(
    shop: MemoryShop, ada_token: SessionToken, placed: PlacedOrder
) -> None:
    await shop.container.cancel_orders().cancel(_cancel(ada_token, placed))
    before = shop.state

    reply = await shop.order(place_order(ada_token, ("TEA", 2), ("COFFEE", 1)))

    assert (reply.unwrap(), reply.replayed) == (placed, True)
    assert shop.state == before


class TestRejections:
    async def test_cancelled_order_stays_unchanged(
        self, shop: MemoryShop, ada_token: SessionToken, placed: PlacedOrder
    ) -> None:
        await shop.container.cancel_orders().cancel(_cancel(ada_token, placed))

        await _assert_rejected(
            shop,
            _cancel(ada_token, placed),
            IllegalTransition(current="cancelled", target="cancelled"),
        )

    async def test_concurrent_cancellations_refund_once(
        self, shop: MemoryShop, ada_token: SessionToken, placed: PlacedOrder
    ) -> None:
        cancelling = shop.container.cancel_orders().cancel
        outcomes = await asyncio.gather(
            *(cancelling(_cancel(ada_token, placed)) for _ in range(3)), return_exceptions=True
        )

        rejection = IllegalTransition(current="cancelled", target="cancelled")
        assert [each for each in outcomes if each == rejection] == [rejection] * 2
        assert (shop.balance("ada"), shop.on_hand("TEA")) == (WELCOME_CREDIT, 5)
        assert await shop.audit_violations() == []

    async def test_order_of_another_customer_is_not_found(
        self, shop: MemoryShop, placed: PlacedOrder
    ) -> None:
        bob_token = await shop.customer("bob")

        await _assert_rejected(shop, _cancel(bob_token, placed), OrderNotFound())
        await _assert_rejected(
            shop, CancelOrder(session=bob_token, order_id=id_of("no order")), OrderNotFound()
        )

    async def test_anonymous_user_cannot_cancel(
        self, shop: MemoryShop, placed: PlacedOrder
    ) -> None:
        await _assert_rejected(shop, _cancel(None, placed), NotSignedIn())
        await _assert_rejected(shop, _cancel("never issued", placed), NotSignedIn())

    async def test_expired_session_cannot_cancel(
        self, shop: MemoryShop, ada_token: SessionToken, placed: PlacedOrder, clock: FakeClock
    ) -> None:
        clock.advance(timedelta(seconds=IDLE_SECONDS))

        await _assert_rejected(shop, _cancel(ada_token, placed), SessionExpired())

    async def test_refund_beyond_the_balance_limit_is_rejected(
        self, shop: MemoryShop, ada_token: SessionToken, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        credit = GrantCredit(
            session=admin,
            key="key-0001",
            account_id=shop.account("ada").id,
            amount=eur(MAX_AMOUNT - shop.balance("ada")),
            reason="Goodwill",
        )
        (await shop.container.transfer_service().grant_credit(credit)).unwrap()

        await _assert_rejected(shop, _cancel(ada_token, placed), BalanceTooLarge())
        before = shop.on_hand("TEA")
        command = replace(_cancel(ada_token, placed), key="key-0099")
        for _ in range(2):
            result = await shop.container.cancel_orders().cancel(command)
            assert result.value == BalanceTooLarge()
        assert shop.on_hand("TEA") == before
        assert shop.state.orders.rows[placed.order.id].status is OrderStatus.PAID

    async def test_restock_beyond_the_stock_limit_is_accepted(
        self, shop: MemoryShop, ada_token: SessionToken, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        await shop.container.inventory_service().adjust(
            add_stock(admin, "COFFEE", MAX_ON_HAND - shop.on_hand("COFFEE"))
        )

        await shop.container.cancel_orders().cancel(_cancel(ada_token, placed))

        assert shop.on_hand("COFFEE") > MAX_ON_HAND


class TestFailures:
    async def test_failed_commit_changes_nothing(
        self, shop: MemoryShop, ada_token: SessionToken, placed: PlacedOrder
    ) -> None:
        before = shop.state
        shop.faults.plan(("commit", RuntimeError("a bug")))

        with pytest.raises(RuntimeError, match="a bug"):
            await shop.container.cancel_orders().cancel(_cancel(ada_token, placed))

        assert shop.state == before

    async def test_interrupted_cancellation_happens_once(
        self, shop: MemoryShop, ada_token: SessionToken, placed: PlacedOrder
    ) -> None:
        shop.faults.plan(("commit", TransientFailure("conflict")))

        await shop.container.cancel_orders().cancel(_cancel(ada_token, placed))

        assert (shop.balance("ada"), shop.on_hand("TEA")) == (WELCOME_CREDIT, 5)
        assert await shop.audit_violations() == []

    async def test_unknown_commit_outcome_is_reported_and_happens_at_most_once(
        self, shop: MemoryShop, ada_token: SessionToken, placed: PlacedOrder
    ) -> None:
        shop.faults.plan(("committed", CommitOutcomeUnknown("connection lost")))

        with pytest.raises(CommitOutcomeUnknown):
            await shop.container.cancel_orders().cancel(_cancel(ada_token, placed))

        assert (shop.balance("ada"), shop.on_hand("TEA")) == (WELCOME_CREDIT, 5)
        assert await shop.audit_violations() == []


async def _assert_rejected(shop: MemoryShop, command: CancelOrder, error: ShopError) -> None:
    before = shop.state

    with pytest.raises(type(error)) as rejection:
        await shop.container.cancel_orders().cancel(command)

    assert rejection.value == error
    assert shop.state == before
