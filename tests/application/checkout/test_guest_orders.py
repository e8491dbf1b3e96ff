"""Orders of guests: one guest for a session, whatever happens in between, and their limits."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from shop.adapters.memory.engine.database import MemoryDatabase
from shop.application.checkout.placed_order import PlacedOrder
from shop.application.checkout.placement_batch import PlaceOrder
from shop.application.orders.cancel import CancelOrder
from shop.application.orders.refund import RefundOrder
from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.orders.order import OrderStatus, TooManyPendingOrders
from shop.domain.orders.order_details import OrderDetails
from shop.domain.orders.refund import RefundRequest
from shop.domain.payment import PaymentMethod
from shop.domain.pricing.promotions.percentage import Percentage
from shop.domain.pricing.promotions.promotion import Conditions
from shop.domain.pricing.quote_errors import CodeNotApplicable, CodeUsedUp
from shop.domain.session import NotSignedIn
from shop.domain.shared.errors import InvalidValue, ShopError
from tests.application.checkout.card_orders import let_time_pass
from tests.application.checkout.priced_orders import by_code, put_rules
from tests.application.memory_shop import MemoryShop, place_order, set_preferences
from tests.clock import FakeClock
from tests.domain.pricing.examples import promotion
from tests.doubles import SequentialIds

pytestmark = pytest.mark.anyio

MIRA = OrderDetails(email="mira@example.com")


@pytest.fixture
async def shop(clock: FakeClock) -> AsyncIterator[MemoryShop]:
    """Yield a shop that allows guests, and audit it after the test."""
    shop = MemoryShop(
        clock,
        MemoryDatabase(),
        SequentialIds(),
        guest_checkout=True,
        pending_orders_per_customer=2,
        country="DE",
    )
    yield shop
    assert await shop.audit_violations() == []


@pytest.fixture
async def admin(shop: MemoryShop) -> SessionToken:
    """Return the token of an admin of a shop with five of tea."""
    admin = await shop.admin()
    await shop.add_products(admin, TEA=5)
    return admin


async def _visitor(shop: MemoryShop) -> SessionToken:
    token = (await set_preferences(shop, None, {"theme": "dark"})).new_token
    assert token is not None
    return token


@pytest.fixture
async def visitor(shop: MemoryShop, admin: SessionToken) -> SessionToken:
    """Return the token of a session without a user."""
    del admin
    return await _visitor(shop)


def _tea(token: SessionToken, key: str = "key-0001", **changes: Any) -> PlaceOrder:  # noqa: ANN401  Fields.
    command = place_order(token, ("TEA", 1), key=key, card="tok_visa")
    return replace(command, details=changes.pop("details", MIRA), **changes)


def _guests(shop: MemoryShop) -> int:
    return sum(each.is_guest for each in shop.state.users.rows.values())


async def _attempt(shop: MemoryShop, command: PlaceOrder) -> PlacedOrder | ShopError:
    try:
        return await shop.check_out(command)
    except ShopError as error:
        return error


class TestAGuest:
    @pytest.mark.parametrize("together", [False, True])
    async def test_is_one_though_two_first_orders_come_at_once(
        self, shop: MemoryShop, visitor: SessionToken, *, together: bool
    ) -> None:
        commands = [_tea(visitor), _tea(visitor, "key-0002")]
        if together:
            results = await shop.container.place_orders().place(commands)
            placed = [each.unwrap() for each in results]
        else:
            placed = await asyncio.gather(*map(shop.place, commands))
        assert {each.order.user_id for each in placed} == {
            each.id for each in shop.state.users.rows.values() if each.is_guest
        }
        assert (_guests(shop), shop.stock_of("TEA")) == (1, (5, 2))

    async def test_with_the_same_key_twice_at_once_orders_once(
        self, shop: MemoryShop, visitor: SessionToken
    ) -> None:
        placed = await asyncio.gather(*[shop.check_out(_tea(visitor)) for _ in range(2)])
        assert placed[0].order.id == placed[1].order.id
        assert shop.on_hand("TEA") == 4

    async def test_whose_shop_dies_before_the_payment_still_gets_the_order(
        self, shop: MemoryShop, visitor: SessionToken
    ) -> None:
        pending = await shop.place(_tea(visitor))
        await let_time_pass(shop)
        found = shop.state.orders.rows[pending.order.id]
        assert found.status is OrderStatus.PAID
        session = await shop.session(visitor)
        assert session is not None
        assert (session.last_order_id, session.guest_id) == (found.id, found.user_id)
        replayed = await shop.order(_tea(visitor))
        assert (replayed.replayed, replayed.unwrap().order.id) == (True, found.id)

    async def test_who_signs_in_before_the_payment_keeps_no_trace_of_the_order(
        self, shop: MemoryShop, visitor: SessionToken
    ) -> None:
        pending = await shop.place(_tea(visitor))
        token = await shop.sign_in("root", visitor)
        await let_time_pass(shop)
        assert shop.state.orders.rows[pending.order.id].status is OrderStatus.PAID
        session = await shop.session(token)
        assert session is not None
        assert (session.last_order_id, session.guest_id) == (None, None)

    async def test_orders_for_nothing_without_a_payment(
        self, shop: MemoryShop, admin: SessionToken, visitor: SessionToken
    ) -> None:
        await put_rules(shop, admin, promotion(Percentage(percentage=100_000)))
        placed = await shop.place(_tea(visitor, card=None, has_payment=False))
        assert placed.order.payment_method is PaymentMethod.NONE
        assert (placed.order.status, placed.order.total.amount) == (OrderStatus.PAID, 0)
        session = await shop.session(visitor)
        assert session is not None
        assert session.last_order_id == placed.order.id

    async def test_has_as_few_pending_orders_as_a_customer(
        self, shop: MemoryShop, visitor: SessionToken
    ) -> None:
        for key in ("key-0001", "key-0002"):
            await shop.place(_tea(visitor, key))
        before = shop.state
        with pytest.raises(TooManyPendingOrders):
            await shop.place(_tea(visitor, "key-0003"))
        keys = before.idempotency_keys
        assert replace(shop.state, idempotency_keys=keys, sessions=before.sessions) == before

    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"card": None}, NotSignedIn()),
            (
                {"details": OrderDetails()},
                InvalidValue(field="email", rule="is required for an order without signing in"),
            ),
        ],
    )
    async def test_is_not_made_for_an_order_that_is_not_one(
        self, shop: MemoryShop, visitor: SessionToken, changes: dict[str, Any], error: ShopError
    ) -> None:
        before = shop.state
        assert await _attempt(shop, _tea(visitor, **changes)) == error
        assert shop.state == before

    async def test_gets_no_refund_to_an_account(
        self, shop: MemoryShop, admin: SessionToken, visitor: SessionToken
    ) -> None:
        placed = await shop.check_out(_tea(visitor))
        await let_time_pass(shop)
        command = RefundOrder(
            session=admin,
            key="refund-1",
            order_id=placed.order.id,
            refund_request=RefundRequest(
                lines=(),
                shipping=False,
                amount=None,
                to=PaymentMethod.ACCOUNT,
                reason="Returned",
                restock=False,
            ),
        )
        before = shop.state
        result = await shop.container.refund_orders().refund(command)
        with pytest.raises(InvalidValue):
            result.unwrap()
        assert shop.state == before


class TestALimitPerCustomer:
    async def test_is_that_of_the_address_in_any_session(
        self, shop: MemoryShop, admin: SessionToken, visitor: SessionToken
    ) -> None:
        await put_rules(shop, admin, by_code("once", "ONCE", limit_per_customer=1))
        with_code = replace(MIRA, codes=("ONCE",))
        await shop.check_out(_tea(visitor, details=with_code))
        other = await _visitor(shop)
        shouted = replace(with_code, email="MIRA@Example.com")
        error = await _attempt(shop, _tea(other, details=shouted))
        assert error == CodeUsedUp(codes=("ONCE",))
        (use,) = shop.state.promotion_uses.rows.values()
        assert (use.customer_key, use.n) == ("email:mira@example.com", 1)
        another = replace(with_code, email="noor@example.com")
        await shop.check_out(_tea(other, "key-0002", details=another))

    async def test_comes_back_when_the_guest_cancels(
        self, shop: MemoryShop, admin: SessionToken, visitor: SessionToken
    ) -> None:
        await put_rules(shop, admin, by_code("once", "ONCE", limit_per_customer=1))
        with_code = replace(MIRA, codes=("ONCE",))
        placed = await shop.check_out(_tea(visitor, details=with_code))
        cancelling = CancelOrder(session=visitor, order_id=placed.order.id)
        (await shop.container.cancel_orders().cancel(cancelling)).unwrap()
        await shop.check_out(_tea(await _visitor(shop), details=with_code))

    async def test_of_a_first_order_is_that_of_the_address(
        self, shop: MemoryShop, admin: SessionToken, visitor: SessionToken
    ) -> None:
        first = by_code("first", "FIRST", conditions=Conditions(is_for_first_order=True))
        await put_rules(shop, admin, first)
        await shop.check_out(_tea(visitor))
        with_code = replace(MIRA, codes=("FIRST",))
        error = await _attempt(shop, _tea(await _visitor(shop), details=with_code))
        assert isinstance(error, CodeNotApplicable)
