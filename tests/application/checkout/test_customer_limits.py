"""One customer cannot hold all stock, and cannot try cards without end."""

from datetime import timedelta
from typing import Any

import pytest

from shop.adapters.memory.engine.database import MemoryDatabase
from shop.application.checkout.cart import PutCartLine
from shop.application.ledger.deposits import MakeDeposit
from shop.application.payments.card_payments import CardPayment
from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.deposit import Deposit
from shop.domain.orders.order import OrderStatus, TooManyPendingOrders
from shop.domain.payment import CardDeclined
from shop.domain.rate_limit import TooManyRequests
from shop.domain.shared.errors import InvalidValue
from tests.application.memory_shop import PENDING_PAYMENT_SECONDS, MemoryShop, place_order
from tests.clock import FakeClock
from tests.doubles import SequentialIds
from tests.factories import NOW, eur

pytestmark = pytest.mark.anyio


async def _limited_shop(clock: FakeClock, **settings: Any) -> tuple[MemoryShop, SessionToken]:  # noqa: ANN401  Several types.
    """Return a shop with 100 of tea, and the token of Ada."""
    shop = MemoryShop(clock, MemoryDatabase(), SequentialIds(), **settings)
    await shop.add_products(await shop.admin(), TEA=100)
    return shop, await shop.customer("ada")


async def _deposit(
    shop: MemoryShop, token: SessionToken, card: str, key: str, amount: int = 10
) -> Deposit:
    command = MakeDeposit(session=token, key=key, amount=eur(amount), card=card)
    return (await shop.container.deposit_service().make(command)).unwrap()


class TestPendingOrders:
    async def test_number_is_limited_whatever_the_session(self, clock: FakeClock) -> None:
        shop, token = await _limited_shop(clock)
        other_session = await shop.sign_in("ada")
        for n in range(5):
            command = place_order(
                (token, other_session)[n % 2],
                ("TEA", 1),
                key=f"key-000{n}",
                card="tok_authenticate",
            )
            assert (await shop.check_out(command)).order.status is OrderStatus.PENDING

        for session in (token, other_session):
            with pytest.raises(TooManyPendingOrders) as raised:
                await shop.check_out(
                    place_order(session, ("TEA", 1), key="key-more", card="tok_visa")
                )
            assert raised.value.limit == 5
        assert shop.stock_of("TEA") == (100, 5)
        bob = await shop.customer("bob")
        await shop.check_out(place_order(bob, ("TEA", 1), card="tok_visa"))

    async def test_number_is_exact_within_a_group(self, clock: FakeClock) -> None:
        shop, token = await _limited_shop(clock)
        commands = [
            place_order(token, ("TEA", 1), key=f"key-{n:04}", card="tok_visa") for n in range(8)
        ]
        results = await shop.container.place_orders().place(commands)

        rejected = [each for each in results if isinstance(each.value, TooManyPendingOrders)]
        assert (len(results), len(rejected)) == (8, 3)
        assert shop.stock_of("TEA") == (100, 5)

    async def test_rejection_is_stored_under_its_key(self, clock: FakeClock) -> None:
        shop, token = await _limited_shop(clock, pending_orders_per_customer=1)
        await shop.check_out(place_order(token, ("TEA", 1), card="tok_authenticate"))
        another = place_order(token, ("TEA", 1), key="key-0002", card="tok_visa")
        with pytest.raises(TooManyPendingOrders):
            await shop.check_out(another)
        clock.advance(timedelta(seconds=PENDING_PAYMENT_SECONDS))
        await shop.run_jobs()

        replay = await shop.order(another)
        assert (replay.replayed, replay.value) == (True, TooManyPendingOrders(limit=1))
        again = place_order(token, ("TEA", 1), key="key-0003", card="tok_visa")
        assert (await shop.check_out(again)).order.status is OrderStatus.PAID

    async def test_orders_from_the_account_are_not_limited(self, clock: FakeClock) -> None:
        shop, token = await _limited_shop(clock, pending_orders_per_customer=1)
        await shop.check_out(place_order(token, ("TEA", 1), card="tok_authenticate"))
        for n in range(3):
            await shop.check_out(place_order(token, ("TEA", 1), key=f"key-acc{n}"))
        assert shop.stock_of("TEA") == (97, 1)


class TestAnAwaitedCustomer:
    async def test_holds_stock_for_less_time_and_a_repetition_does_not_prolong_it(
        self, clock: FakeClock
    ) -> None:
        shop, token = await _limited_shop(clock, action_timeout_seconds=300)
        command = place_order(token, ("TEA", 7), card="tok_authenticate")
        placed = await shop.check_out(command)
        assert placed.payment.card_details.expires_at == NOW + timedelta(seconds=300)
        clock.advance(timedelta(seconds=200))
        await shop.check_out(command)
        assert shop.stock_of("TEA") == (100, 7)
        clock.advance(timedelta(seconds=100))
        while shop.stock_of("TEA")[1]:
            assert await shop.run_jobs()

        (order,) = shop.state.orders.rows.values()
        assert order.status is OrderStatus.EXPIRED
        assert await shop.audit_violations() == []

    async def test_does_not_hold_stock_for_more_time(self, clock: FakeClock) -> None:
        shop, token = await _limited_shop(clock, action_timeout_seconds=86_400)
        placed = await shop.check_out(place_order(token, ("TEA", 7), card="tok_authenticate"))

        expiry = NOW + timedelta(seconds=PENDING_PAYMENT_SECONDS)
        assert placed.payment.card_details.expires_at == expiry

    async def test_job_shortens_the_time_if_the_request_did_not(self, clock: FakeClock) -> None:
        shop, token = await _limited_shop(clock, action_timeout_seconds=300)
        command = place_order(token, ("TEA", 7), card="tok_authenticate")
        placed = await shop.place(command)
        payments = shop.container.card_payments()
        # The gateway has answered, but the request has ended without a record of it.
        await payments.authorise(CardPayment.for_order(placed.payment))
        clock.advance(timedelta(seconds=60))
        await shop.run_jobs()

        payment = shop.state.payments.rows[placed.order.id]
        assert payment.card_details.expires_at == NOW + timedelta(seconds=360)


class TestQuantities:
    async def test_order_of_more_of_a_product_than_allowed_is_invalid(
        self, clock: FakeClock
    ) -> None:
        shop, token = await _limited_shop(clock, quantity_per_line=10)
        with pytest.raises(InvalidValue) as raised:
            await shop.check_out(place_order(token, ("TEA", 6), ("TEA", 5)))
        assert (raised.value.field, raised.value.rule) == ("lines", "must have at most 10 of TEA")
        assert shop.stock_of("TEA") == (100, 0)
        # An invalid request leaves its key free.
        assert shop.outcome("ada") is None
        await shop.check_out(place_order(token, ("TEA", 10)))

    async def test_cart_takes_no_more_of_a_product_than_allowed(self, clock: FakeClock) -> None:
        shop, token = await _limited_shop(clock, quantity_per_line=10)
        put = PutCartLine(session=token, sku="TEA", quantity=11)
        with pytest.raises(InvalidValue) as raised:
            await shop.container.cart_service().put(put)
        assert (raised.value.field, raised.value.rule) == ("quantity", "must be 1 to 10")

    async def test_cart_that_was_filled_under_a_larger_bound_cannot_be_ordered(
        self, clock: FakeClock
    ) -> None:
        shop, token = await _limited_shop(clock)
        await shop.fill_cart(token, TEA=11)
        smaller = MemoryShop(clock, shop.database, SequentialIds(), quantity_per_line=10)
        with pytest.raises(InvalidValue):
            await smaller.check_out(place_order(token))


class TestDeclinedCards:
    async def test_number_is_limited_for_orders_and_deposits_together(
        self, clock: FakeClock
    ) -> None:
        shop, token = await _limited_shop(clock)
        for n in range(5):
            with pytest.raises(CardDeclined):
                await shop.check_out(
                    place_order(token, ("TEA", 1), key=f"key-ord{n}", card="tok_declined")
                )
            with pytest.raises(CardDeclined):
                await _deposit(shop, token, "tok_declined", f"key-dep{n}")
            clock.advance(timedelta(minutes=1))
        calls = len(shop.state.orders.rows)

        for card in ("tok_declined", "tok_visa"):
            with pytest.raises(TooManyRequests) as raised:
                await shop.check_out(place_order(token, ("TEA", 1), key="key-more", card=card))
            assert raised.value.retry_after_seconds == 55 * 60
            with pytest.raises(TooManyRequests):
                await _deposit(shop, token, card, "key-more")
        assert len(shop.state.orders.rows) == calls
        assert (shop.outcome("ada", "key-more"), shop.stock_of("TEA")) == (None, (100, 0))
        # The account can still pay, and later a card too, under the same key.
        await shop.check_out(place_order(token, ("TEA", 1), key="key-acc"))
        clock.advance(timedelta(minutes=56))
        later_token = await shop.sign_in("ada")
        later = place_order(later_token, ("TEA", 1), key="key-more", card="tok_visa")
        assert (await shop.check_out(later)).order.status is OrderStatus.PAID

    async def test_number_is_not_limited_if_rates_are_not(self, clock: FakeClock) -> None:
        shop, token = await _limited_shop(clock, rate_limits="off")
        for n in range(25):
            with pytest.raises(CardDeclined):
                await _deposit(shop, token, "tok_declined", f"key-{n:04}")


class TestDepositLimit:
    async def test_larger_deposit_is_invalid(self, clock: FakeClock) -> None:
        shop, token = await _limited_shop(clock, deposit_limit=5_000)
        with pytest.raises(InvalidValue) as raised:
            await _deposit(shop, token, "tok_visa", "key-0001", 5_001)
        assert (raised.value.field, raised.value.rule) == ("amount", "must be at most 50.00 EUR")
        assert dict(shop.state.deposits.rows) == {}
        await _deposit(shop, token, "tok_visa", "key-0001", 5_000)
