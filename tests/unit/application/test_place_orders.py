"""Orders are placed all of them or nothing, exactly once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from shop.adapters.memory.engine.database import State
from shop.application.checkout.place_orders import PlaceOrder
from shop.application.checkout.placed_order import PlacedOrder
from shop.application.ports.repositories.idempotency_keys import Rejected
from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.account import InsufficientFunds, TransferKind
from shop.domain.cart import Cart, EmptyCart
from shop.domain.inventory import OutOfStock, Shortage, StockMovementKind
from shop.domain.orders.order import OrderLine, OrderStatus, PriceChanged
from shop.domain.payment import Payment, PaymentMethod, PaymentStatus
from shop.domain.product import ProductNotFound
from shop.domain.session import (
    NotSignedIn,
    SessionConflict,
    SessionExpired,
    SessionTooLarge,
)
from shop.domain.shared.errors import InvalidValue, ShopError
from shop.domain.shared.money import Money
from shop.domain.user import Role
from tests.clock import ScriptedClock
from tests.factories import EUR, NOW, SALES, USD, eur
from tests.unit.application.memory_shop import (
    IDLE_SECONDS,
    WELCOME,
    MemoryShop,
    place_order,
    put_product,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def adas(shop: MemoryShop, admin: SessionToken) -> SessionToken:
    """Give the token of Ada, who has a thousand, and two of tea in the cart."""
    del admin
    token = await shop.customer("ada")
    await shop.fill_cart(token, TEA=2)
    return token


def _but_keys(state: State, before: State) -> State:
    return replace(state, idempotency_keys=before.idempotency_keys)


async def _leave(shop: MemoryShop, token: SessionToken, amount: int) -> None:
    """Let the user of a token have this much left."""
    async with shop.container.unit_of_work() as uow:
        session = (await uow.sessions.find([token]))[token]
        assert session.user_id is not None
        (account,) = (await uow.accounts.lock_for_users([session.user_id], EUR)).values()
        uow.accounts.save(replace(account, balance=eur(amount)))
        await uow.commit()


def _changed(command: PlaceOrder, **changes: object) -> PlaceOrder:
    return replace(command, **changes)  # type: ignore[arg-type]


class TestPlacing:
    async def test_the_order_is_paid_from_the_account_at_the_prices_of_now(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        command = place_order(adas, ("TEA", 2), ("COFFEE", 1), expected=300)

        reply = await shop.order(command)

        placed = reply.unwrap()
        order = placed.order
        assert not reply.replayed
        assert (order.user_id, order.idempotency_key) == (shop.user("ada").id, "key-0001")
        assert (order.status, order.version) == (OrderStatus.PAID, 1)
        assert (order.total, order.placed_at) == (eur(300), NOW)
        assert order.lines == (
            OrderLine(sku="TEA", name="The TEA", quantity=2, unit_price=eur(100)),
            OrderLine(sku="COFFEE", name="The COFFEE", quantity=1, unit_price=eur(100)),
        )
        assert placed.payment == Payment(
            order_id=order.id,
            method=PaymentMethod.ACCOUNT,
            status=PaymentStatus.CAPTURED,
            amount=eur(300),
            card=None,
            created_at=NOW,
        )
        assert placed.new_token is None
        assert shop.state.orders.rows == {order.id: order}
        assert shop.state.payments.rows == {order.id: placed.payment}
        assert await shop.findings() == []

    async def test_it_charges_the_account_once(self, shop: MemoryShop, adas: SessionToken) -> None:
        placed = await shop.placed(place_order(adas, ("TEA", 2)))

        assert shop.balance("ada") == WELCOME - 200
        (charge,) = (
            each for each in shop.state.transfers.rows.values() if each.kind is TransferKind.CHARGE
        )
        assert (charge.debit_account_id, charge.credit_account_id) == (
            shop.account("ada").id,
            SALES,
        )
        assert (charge.amount, charge.order_id) == (eur(200), placed.order.id)

    async def test_it_takes_the_stock_and_writes_each_movement_down(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        placed = await shop.placed(place_order(adas, ("TEA", 2), ("COFFEE", 2)))

        assert (shop.on_hand("TEA"), shop.on_hand("COFFEE")) == (3, 0)
        sales = {
            (each.sku, each.on_hand_delta, each.order_id)
            for each in shop.state.stock_movements.rows.values()
            if each.kind is StockMovementKind.SALE
        }
        assert sales == {("TEA", -2, placed.order.id), ("COFFEE", -2, placed.order.id)}

    async def test_the_session_tracks_it_and_keeps_a_cart_that_was_not_ordered(
        self, shop: MemoryShop, adas: SessionToken, clock: ScriptedClock
    ) -> None:
        before = await shop.session(adas)
        clock.advance(timedelta(seconds=9))

        placed = await shop.placed(place_order(adas, ("COFFEE", 1)))

        assert before is not None
        assert await shop.session(adas) == replace(
            before,
            last_order_id=placed.order.id,
            last_seen_at=NOW + timedelta(seconds=9),
            version=before.version + 1,
        )

    async def test_without_lines_the_cart_is_ordered_and_emptied(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        placed = await shop.placed(place_order(adas))

        assert [(line.sku, line.quantity) for line in placed.order.lines] == [("TEA", 2)]
        session = await shop.session(adas)
        assert session is not None
        assert (session.cart, session.last_order_id) == (Cart(), placed.order.id)

    async def test_lines_of_the_same_product_are_one(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        command = place_order(adas, ("TEA", 1), ("COFFEE", 1), ("TEA", 2))

        placed = await shop.placed(command)

        lines = [(line.sku, line.quantity) for line in placed.order.lines]
        assert lines == [("TEA", 3), ("COFFEE", 1)]
        assert (shop.on_hand("TEA"), shop.balance("ada")) == (2, WELCOME - 400)

    async def test_it_keeps_the_price_it_was_placed_at(
        self, shop: MemoryShop, adas: SessionToken, admin: SessionToken
    ) -> None:
        placed = await shop.placed(place_order(adas, ("TEA", 1)))

        await shop.container.product_service().put(put_product(admin, "TEA", price=999))

        assert shop.state.orders.rows == {placed.order.id: placed.order}
        assert placed.order.total == eur(100)

    async def test_the_last_one_and_the_last_cent_can_be_spent(
        self, shop: MemoryShop, adas: SessionToken, admin: SessionToken
    ) -> None:
        await shop.container.product_service().put(put_product(admin, "TEA", price=200))

        await shop.placed(place_order(adas, ("TEA", 5)))

        assert (shop.on_hand("TEA"), shop.balance("ada")) == (0, 0)
        assert await shop.findings() == []

    async def test_a_change_of_roles_is_no_business_of_an_orders(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        # The token changes when its holder comes in next.
        await shop.container.role_service().grant("ada@example.com", Role.ADMIN)

        placed = await shop.placed(place_order(adas))

        assert placed.new_token is None
        session = await shop.session(adas)
        assert session is not None
        assert (session.last_order_id, session.roles) == (
            placed.order.id,
            frozenset({Role.CUSTOMER}),
        )


def _empty_cart(token: SessionToken) -> PlaceOrder:
    return replace(place_order(token), cart=Cart())


REFUSALS: list[tuple[Callable[[SessionToken], PlaceOrder], ShopError]] = [
    (_empty_cart, EmptyCart()),
    (lambda token: place_order(token, ("SOAP", 1)), ProductNotFound(sku="SOAP")),
    (
        lambda token: place_order(token, ("TEA", 6), ("COFFEE", 2)),
        OutOfStock(lines=(Shortage(sku="TEA", requested=6, available=5),)),
    ),
    (
        lambda token: place_order(token, ("TEA", 6), ("COFFEE", 3)),
        OutOfStock(
            lines=(
                Shortage(sku="TEA", requested=6, available=5),
                Shortage(sku="COFFEE", requested=3, available=2),
            )
        ),
    ),
    (
        lambda token: place_order(token, ("TEA", 1), expected=99),
        PriceChanged(expected=eur(99), total=eur(100)),
    ),
    (
        lambda token: place_order(token, ("TEA", 4), ("COFFEE", 1)),
        InsufficientFunds(balance=eur(499), required=eur(500)),
    ),
]
REFUSAL_NAMES = [type(error).__name__ for _, error in REFUSALS]


class TestRefusals:
    @pytest.mark.parametrize(("command", "error"), REFUSALS, ids=REFUSAL_NAMES)
    async def test_it_changes_nothing_but_what_is_remembered_of_its_key(
        self,
        command: Callable[[SessionToken], PlaceOrder],
        error: ShopError,
        shop: MemoryShop,
        adas: SessionToken,
    ) -> None:
        await _leave(shop, adas, 499)
        before = shop.state

        reply = await shop.order(command(adas))

        assert (reply.value, reply.replayed) == (error, False)
        assert _but_keys(shop.state, before) == before
        assert shop.outcome("ada") == Rejected(error=error)
        assert len(shop.state.idempotency_keys.rows) == len(before.idempotency_keys.rows) + 1

    @pytest.mark.parametrize(("command", "error"), REFUSALS, ids=REFUSAL_NAMES)
    async def test_it_is_the_answer_to_its_key_for_good(
        self,
        command: Callable[[SessionToken], PlaceOrder],
        error: ShopError,
        shop: MemoryShop,
        adas: SessionToken,
        admin: SessionToken,
    ) -> None:
        await _leave(shop, adas, 499)
        await shop.order(command(adas))
        await shop.stock(admin, TEA=99, COFFEE=99, SOAP=99)
        before = shop.state

        reply = await shop.order(command(adas))

        assert (reply.value, reply.replayed) == (error, True)
        assert shop.state == before

    async def test_what_is_not_sold_any_more_is_refused(
        self, shop: MemoryShop, adas: SessionToken, admin: SessionToken
    ) -> None:
        withdrawn = replace(put_product(admin, "COFFEE"), active=False)
        await shop.container.product_service().put(withdrawn)
        before = shop.state

        reply = await shop.order(place_order(adas, ("TEA", 1), ("COFFEE", 1)))

        assert reply.value == ProductNotFound(sku="COFFEE")
        assert _but_keys(shop.state, before) == before

    async def test_nobody_who_is_not_signed_in_can_order(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        await shop.container.session_service().sign_out(adas)
        before = shop.state

        for token in (None, "never issued", adas):
            reply = await shop.order(place_order(token, ("TEA", 1)))
            assert reply.value == NotSignedIn()

        assert shop.state == before

    async def test_an_expired_session_cannot_order(
        self, shop: MemoryShop, adas: SessionToken, clock: ScriptedClock
    ) -> None:
        clock.advance(timedelta(seconds=IDLE_SECONDS))
        before = shop.state

        reply = await shop.order(place_order(adas, ("TEA", 1)))

        assert reply.value == SessionExpired()
        assert shop.state == before

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"expected_total": Money(amount=100, currency=USD)}, "currency"),
        ],
    )
    async def test_what_can_never_be_ordered_is_not_remembered(
        self, change: dict[str, object], field: str, shop: MemoryShop, adas: SessionToken
    ) -> None:
        before = shop.state

        reply = await shop.order(_changed(place_order(adas, ("TEA", 1)), **change))

        assert isinstance(reply.value, InvalidValue)
        assert reply.value.field == field
        assert shop.state == before

    @pytest.mark.parametrize("error", [SessionTooLarge(limit_bytes=4_000), SessionConflict()])
    async def test_a_session_that_cannot_be_kept_refuses_the_order_and_frees_its_key(
        self, error: ShopError, shop: MemoryShop, adas: SessionToken
    ) -> None:
        before = shop.state
        shop.mishaps.plan(("sessions.save", error))

        reply = await shop.order(place_order(adas, ("TEA", 1)))

        assert (reply.value, reply.replayed) == (error, False)
        assert shop.state == before
        again = await shop.order(place_order(adas, ("TEA", 1)))
        assert (isinstance(again.value, PlacedOrder), again.replayed) == (True, False)
