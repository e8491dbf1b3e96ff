"""Orders are placed all of them or nothing, exactly once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from shop.adapters.memory.engine.database import State
from shop.application.checkout.placed_order import PlacedOrder
from shop.application.checkout.placement_batch import PlaceOrder
from shop.application.ports.repositories.idempotency_keys import Rejected
from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.account import InsufficientFunds, TransferKind
from shop.domain.cart import Cart, EmptyCart
from shop.domain.cart_problems import NotForSale
from shop.domain.catalogue.product import ProductNotFound
from shop.domain.inventory import OutOfStock, Shortage, StockMovementKind
from shop.domain.orders.order import OrderLine, OrderStatus
from shop.domain.orders.price_changed import PresentTotals, PriceChanged
from shop.domain.payment import Payment, PaymentMethod, PaymentStatus
from shop.domain.session import NotSignedIn, SessionConflict, SessionExpired, SessionTooLarge
from shop.domain.shared.errors import InvalidValue, ShopError
from shop.domain.shared.money import Money
from shop.domain.user import Role
from tests.application.memory_shop import (
    IDLE_SECONDS,
    WELCOME_CREDIT,
    MemoryShop,
    place_order,
    put_product,
)
from tests.clock import FakeClock
from tests.factories import EUR, NOW, SALES, USD, eur, key_of

pytestmark = pytest.mark.anyio


@pytest.fixture
async def ada_token(shop: MemoryShop, admin: SessionToken) -> SessionToken:
    """Return the token of Ada, who has a balance of 1,000 and two of tea in her cart."""
    del admin
    token = await shop.customer("ada")
    await shop.fill_cart(token, TEA=2)
    return token


def _without_keys(state: State, before: State) -> State:
    return replace(state, idempotency_keys=before.idempotency_keys)


async def _reduce_balance(shop: MemoryShop, token: SessionToken, amount: int) -> None:
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
    async def test_order_is_paid_from_the_account_at_current_prices(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        command = place_order(ada_token, ("TEA", 2), ("COFFEE", 1), expected=300)

        reply = await shop.order(command)

        placed = reply.unwrap()
        order = placed.order
        assert not reply.replayed
        assert order.idempotency_key == key_of(shop.user("ada"), "key-0001")
        assert (order.status, order.version) == (OrderStatus.PAID, 1)
        assert (order.total, order.placed_at) == (eur(300), NOW)
        assert order.lines == (
            OrderLine(sku="TEA", name="The TEA", quantity=2, unit_price=eur(100), product="TEA"),
            OrderLine(
                sku="COFFEE", name="The COFFEE", quantity=1, unit_price=eur(100), product="COFFEE"
            ),
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
        assert await shop.audit_violations() == []

    async def test_account_is_charged_once(self, shop: MemoryShop, ada_token: SessionToken) -> None:
        placed = await shop.place(place_order(ada_token, ("TEA", 2)))

        assert shop.balance("ada") == WELCOME_CREDIT - 200
        (charge,) = (
            each for each in shop.state.transfers.rows.values() if each.kind is TransferKind.CHARGE
        )
        assert (charge.debit_account_id, charge.credit_account_id) == (
            shop.account("ada").id,
            SALES,
        )
        assert (charge.amount, charge.order_id) == (eur(200), placed.order.id)

    async def test_stock_is_sold_with_a_movement_per_line(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        placed = await shop.place(place_order(ada_token, ("TEA", 2), ("COFFEE", 2)))

        assert (shop.on_hand("TEA"), shop.on_hand("COFFEE")) == (3, 0)
        sales = {
            (each.sku, each.on_hand_delta, each.order_id)
            for each in shop.state.stock_movements.rows.values()
            if each.kind is StockMovementKind.SALE
        }
        assert sales == {("TEA", -2, placed.order.id), ("COFFEE", -2, placed.order.id)}

    async def test_session_shows_the_order_and_keeps_an_unordered_cart(
        self, shop: MemoryShop, ada_token: SessionToken, clock: FakeClock
    ) -> None:
        before = await shop.session(ada_token)
        clock.advance(timedelta(seconds=9))

        placed = await shop.place(place_order(ada_token, ("COFFEE", 1)))

        assert before is not None
        assert await shop.session(ada_token) == replace(
            before,
            last_order_id=placed.order.id,
            last_seen_at=NOW + timedelta(seconds=9),
            version=before.version + 1,
        )

    async def test_order_without_lines_takes_and_clears_the_cart(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        placed = await shop.place(place_order(ada_token))

        assert [(line.sku, line.quantity) for line in placed.order.lines] == [("TEA", 2)]
        session = await shop.session(ada_token)
        assert session is not None
        assert session.last_order_id == placed.order.id
        assert await shop.cart(ada_token) == {}

    async def test_lines_of_the_same_product_are_merged(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        command = place_order(ada_token, ("TEA", 1), ("COFFEE", 1), ("TEA", 2))

        placed = await shop.place(command)

        lines = [(line.sku, line.quantity) for line in placed.order.lines]
        assert lines == [("TEA", 3), ("COFFEE", 1)]
        assert (shop.on_hand("TEA"), shop.balance("ada")) == (2, WELCOME_CREDIT - 400)

    async def test_order_keeps_the_price_at_which_it_was_placed(
        self, shop: MemoryShop, ada_token: SessionToken, admin: SessionToken
    ) -> None:
        placed = await shop.place(place_order(ada_token, ("TEA", 1)))

        await shop.container.product_service().put(put_product(admin, "TEA", price=999))

        assert shop.state.orders.rows == {placed.order.id: placed.order}
        assert placed.order.total == eur(100)

    async def test_last_unit_and_last_cent_can_be_spent(
        self, shop: MemoryShop, ada_token: SessionToken, admin: SessionToken
    ) -> None:
        await shop.container.product_service().put(put_product(admin, "TEA", price=200))

        await shop.place(place_order(ada_token, ("TEA", 5)))

        assert (shop.on_hand("TEA"), shop.balance("ada")) == (0, 0)
        assert await shop.audit_violations() == []

    async def test_changed_roles_do_not_affect_an_order(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        # The token changes when its holder comes in next.
        await shop.container.role_service().grant("ada@example.com", Role.ADMIN)

        placed = await shop.place(place_order(ada_token))

        assert placed.new_token is None
        session = await shop.session(ada_token)
        assert session is not None
        assert (session.last_order_id, session.roles) == (
            placed.order.id,
            frozenset({Role.CUSTOMER}),
        )


def _empty_cart(token: SessionToken) -> PlaceOrder:
    return replace(place_order(token), cart=Cart())


REJECTIONS: list[tuple[Callable[[SessionToken], PlaceOrder], ShopError]] = [
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
        PriceChanged(
            expected=eur(99),
            total=eur(100),
            totals=PresentTotals(
                subtotal=eur(100),
                discount=eur(0),
                shipping=eur(0),
                tax=eur(0),
                total=eur(100),
                prices_include_tax=True,
            ),
        ),
    ),
    (
        lambda token: place_order(token, ("TEA", 4), ("COFFEE", 1)),
        InsufficientFunds(balance=eur(499), required=eur(500)),
    ),
]
REJECTION_NAMES = [type(error).__name__ for _, error in REJECTIONS]


class TestRejections:
    @pytest.mark.parametrize(("command", "error"), REJECTIONS, ids=REJECTION_NAMES)
    async def test_rejected_order_stores_only_its_key(
        self,
        command: Callable[[SessionToken], PlaceOrder],
        error: ShopError,
        shop: MemoryShop,
        ada_token: SessionToken,
    ) -> None:
        await _reduce_balance(shop, ada_token, 499)
        before = shop.state

        reply = await shop.order(command(ada_token))

        assert (reply.value, reply.replayed) == (error, False)
        assert _without_keys(shop.state, before) == before
        assert shop.outcome("ada") == Rejected(error=error)
        assert len(shop.state.idempotency_keys.rows) == len(before.idempotency_keys.rows) + 1

    @pytest.mark.parametrize(("command", "error"), REJECTIONS, ids=REJECTION_NAMES)
    async def test_rejection_is_replayed_permanently(
        self,
        command: Callable[[SessionToken], PlaceOrder],
        error: ShopError,
        shop: MemoryShop,
        ada_token: SessionToken,
        admin: SessionToken,
    ) -> None:
        await _reduce_balance(shop, ada_token, 499)
        await shop.order(command(ada_token))
        await shop.add_products(admin, TEA=99, COFFEE=99, SOAP=99)
        before = shop.state

        reply = await shop.order(command(ada_token))

        assert (reply.value, reply.replayed) == (error, True)
        assert shop.state == before

    async def test_all_products_that_are_off_sale_are_listed_before_the_short_ones(
        self, shop: MemoryShop, ada_token: SessionToken, admin: SessionToken
    ) -> None:
        await shop.add_products(admin, JAM=0)
        for sku in ("COFFEE", "JAM"):
            withdrawn = replace(put_product(admin, sku), active=False)
            await shop.container.product_service().put(withdrawn)
        before = shop.state
        command = place_order(ada_token, ("COFFEE", 1), ("TEA", 6), ("JAM", 3), expected=1)

        reply = await shop.order(command)

        error = NotForSale(
            lines=(
                Shortage(sku="COFFEE", requested=1, available=0),
                Shortage(sku="JAM", requested=3, available=0),
            ),
            short=(Shortage(sku="TEA", requested=6, available=5),),
        )
        assert reply.value == error
        assert _without_keys(shop.state, before) == before
        assert shop.outcome("ada") == Rejected(error=error)

    async def test_unknown_product_is_reported_before_those_that_are_off_sale(
        self, shop: MemoryShop, ada_token: SessionToken, admin: SessionToken
    ) -> None:
        withdrawn = replace(put_product(admin, "COFFEE"), active=False)
        await shop.container.product_service().put(withdrawn)

        reply = await shop.order(place_order(ada_token, ("COFFEE", 1), ("SOAP", 1)))

        assert reply.value == ProductNotFound(sku="SOAP")

    async def test_anonymous_user_cannot_order(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        await shop.container.session_service().sign_out(ada_token)
        before = shop.state

        for token in (None, "never issued", ada_token):
            reply = await shop.order(place_order(token, ("TEA", 1)))
            assert reply.value == NotSignedIn()

        assert shop.state == before

    async def test_expired_session_cannot_order(
        self, shop: MemoryShop, ada_token: SessionToken, clock: FakeClock
    ) -> None:
        clock.advance(timedelta(seconds=IDLE_SECONDS))
        before = shop.state

        reply = await shop.order(place_order(ada_token, ("TEA", 1)))

        assert reply.value == SessionExpired()
        assert shop.state == before

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"expected_total": Money(amount=100, currency=USD)}, "currency"),
        ],
    )
    async def test_invalid_order_is_not_stored(
        self, change: dict[str, object], field: str, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        before = shop.state

        reply = await shop.order(_changed(place_order(ada_token, ("TEA", 1)), **change))

        assert isinstance(reply.value, InvalidValue)
        assert reply.value.field == field
        assert shop.state == before

    @pytest.mark.parametrize("error", [SessionTooLarge(limit_bytes=4_000), SessionConflict()])
    async def test_order_whose_session_cannot_be_saved_is_rejected_and_frees_its_key(
        self, error: ShopError, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        before = shop.state
        shop.faults.plan(("sessions.save", error))

        reply = await shop.order(place_order(ada_token, ("TEA", 1)))

        assert (reply.value, reply.replayed) == (error, False)
        assert shop.state == before
        again = await shop.order(place_order(ada_token, ("TEA", 1)))
        assert (isinstance(again.value, PlacedOrder), again.replayed) == (True, False)
