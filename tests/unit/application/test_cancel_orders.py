"""A cancelled order gives back exactly what it took."""

import asyncio
from datetime import timedelta

import pytest

from shop.application.checkout.placed_order import PlacedOrder
from shop.application.ledger.transfers import GrantCredit
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
from tests.clock import ScriptedClock
from tests.factories import EUR, NOW, an_id, eur
from tests.unit.application.memory_shop import (
    IDLE_SECONDS,
    WELCOME,
    MemoryShop,
    count_in,
    place_order,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def adas(shop: MemoryShop, admin: SessionToken) -> SessionToken:
    del admin
    return await shop.customer("ada")


@pytest.fixture
async def placed(shop: MemoryShop, adas: SessionToken) -> PlacedOrder:
    """Give an order of Ada's: two of tea and one of coffee, for 300."""
    return await shop.placed(place_order(adas, ("TEA", 2), ("COFFEE", 1)))


def _cancel(token: SessionToken | None, placed: PlacedOrder) -> CancelOrder:
    return CancelOrder(session=token, order_id=placed.order.id)


async def test_the_money_and_the_goods_go_back(
    shop: MemoryShop, adas: SessionToken, placed: PlacedOrder
) -> None:
    done = await shop.container.cancel_orders().cancel(_cancel(adas, placed))

    assert (done.order.status, done.order.version) == (OrderStatus.CANCELLED, 2)
    assert done.payment.status is PaymentStatus.REFUNDED
    assert shop.state.orders.rows == {done.order.id: done.order}
    assert shop.state.payments.rows == {done.order.id: done.payment}
    assert (shop.balance("ada"), shop.on_hand("TEA"), shop.on_hand("COFFEE")) == (WELCOME, 5, 2)
    assert await shop.findings() == []


async def test_each_step_back_is_written_down(
    shop: MemoryShop, adas: SessionToken, placed: PlacedOrder
) -> None:
    await shop.container.cancel_orders().cancel(_cancel(adas, placed))

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


async def test_an_admin_may_cancel_anybodys_and_the_customer_gets_the_money(
    shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
) -> None:
    await shop.container.cancel_orders().cancel(_cancel(admin, placed))

    assert (shop.balance("ada"), shop.balance("root")) == (WELCOME, WELCOME)
    assert shop.state.status_changes.rows[placed.order.id, 2].actor == "admin"
    assert await shop.findings() == []


async def test_its_key_still_answers_with_the_order_as_it_was_placed(
    shop: MemoryShop, adas: SessionToken, placed: PlacedOrder
) -> None:
    await shop.container.cancel_orders().cancel(_cancel(adas, placed))
    before = shop.state

    reply = await shop.order(place_order(adas, ("TEA", 2), ("COFFEE", 1)))

    assert (reply.unwrap(), reply.replayed) == (placed, True)
    assert shop.state == before


class TestRefusals:
    async def test_a_cancelled_order_stays_as_it_is(
        self, shop: MemoryShop, adas: SessionToken, placed: PlacedOrder
    ) -> None:
        await shop.container.cancel_orders().cancel(_cancel(adas, placed))

        await _refused(
            shop,
            _cancel(adas, placed),
            IllegalTransition(current="cancelled", target="cancelled"),
        )

    async def test_cancelled_twice_at_once_gives_back_once(
        self, shop: MemoryShop, adas: SessionToken, placed: PlacedOrder
    ) -> None:
        cancelling = shop.container.cancel_orders().cancel
        outcomes = await asyncio.gather(
            *(cancelling(_cancel(adas, placed)) for _ in range(3)), return_exceptions=True
        )

        refusal = IllegalTransition(current="cancelled", target="cancelled")
        assert [each for each in outcomes if each == refusal] == [refusal] * 2
        assert (shop.balance("ada"), shop.on_hand("TEA")) == (WELCOME, 5)
        assert await shop.findings() == []

    async def test_anothers_order_is_none(self, shop: MemoryShop, placed: PlacedOrder) -> None:
        bobs = await shop.customer("bob")

        await _refused(shop, _cancel(bobs, placed), OrderNotFound())
        await _refused(shop, CancelOrder(session=bobs, order_id=an_id("no order")), OrderNotFound())

    async def test_nobody_who_is_not_signed_in_can_cancel(
        self, shop: MemoryShop, placed: PlacedOrder
    ) -> None:
        await _refused(shop, _cancel(None, placed), NotSignedIn())
        await _refused(shop, _cancel("never issued", placed), NotSignedIn())

    async def test_an_expired_session_cannot_cancel(
        self, shop: MemoryShop, adas: SessionToken, placed: PlacedOrder, clock: ScriptedClock
    ) -> None:
        clock.advance(timedelta(seconds=IDLE_SECONDS))

        await _refused(shop, _cancel(adas, placed), SessionExpired())

    async def test_more_money_than_can_be_counted_does_not_go_back(
        self, shop: MemoryShop, adas: SessionToken, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        credit = GrantCredit(
            session=admin,
            key="key-0001",
            account_id=shop.account("ada").id,
            amount=eur(MAX_AMOUNT - shop.balance("ada")),
            reason="Goodwill",
        )
        (await shop.container.transfer_service().grant_credit(credit)).unwrap()

        await _refused(shop, _cancel(adas, placed), BalanceTooLarge())

    async def test_goods_go_back_however_full_the_shelves_are(
        self, shop: MemoryShop, adas: SessionToken, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        await shop.container.inventory_service().adjust(
            count_in(admin, "COFFEE", MAX_ON_HAND - shop.on_hand("COFFEE"))
        )

        await shop.container.cancel_orders().cancel(_cancel(adas, placed))

        assert shop.on_hand("COFFEE") > MAX_ON_HAND


class TestFailures:
    async def test_a_commit_that_fails_leaves_everything_as_it_was(
        self, shop: MemoryShop, adas: SessionToken, placed: PlacedOrder
    ) -> None:
        before = shop.state
        shop.mishaps.plan(("commit", RuntimeError("a bug")))

        with pytest.raises(RuntimeError, match="a bug"):
            await shop.container.cancel_orders().cancel(_cancel(adas, placed))

        assert shop.state == before

    async def test_interrupted_it_happens_once(
        self, shop: MemoryShop, adas: SessionToken, placed: PlacedOrder
    ) -> None:
        shop.mishaps.plan(("commit", TransientFailure("conflict")))

        await shop.container.cancel_orders().cancel(_cancel(adas, placed))

        assert (shop.balance("ada"), shop.on_hand("TEA")) == (WELCOME, 5)
        assert await shop.findings() == []

    async def test_where_the_commit_is_not_answered_it_says_so_and_has_happened_at_most_once(
        self, shop: MemoryShop, adas: SessionToken, placed: PlacedOrder
    ) -> None:
        shop.mishaps.plan(("committed", CommitOutcomeUnknown("connection lost")))

        with pytest.raises(CommitOutcomeUnknown):
            await shop.container.cancel_orders().cancel(_cancel(adas, placed))

        assert (shop.balance("ada"), shop.on_hand("TEA")) == (WELCOME, 5)
        assert await shop.findings() == []


async def _refused(shop: MemoryShop, command: CancelOrder, error: ShopError) -> None:
    before = shop.state

    with pytest.raises(type(error)) as refusal:
        await shop.container.cancel_orders().cancel(command)

    assert refusal.value == error
    assert shop.state == before
