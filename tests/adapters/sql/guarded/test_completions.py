"""Card orders are completed and captured without locks."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import pytest
from sqlalchemy import text

from shop.adapters.sql.schema.tables import inventories, jobs, orders, payments, sessions
from shop.application.checkout.complete_orders import CompletedOrder, CompleteOrder
from shop.application.checkout.placed_order import PlacedOrder
from shop.application.payments.card_payments import CardPayment, PaymentOutcome
from shop.application.payments.payment_policy import TimedOut
from shop.application.ports.payment_gateway import Approved, Declined
from shop.application.ports.repositories.jobs import Job, JobKind
from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.orders.order import OrderStatus
from shop.domain.payment import CardDeclined, PaymentExpired
from shop.entrypoints.configuration.sessions import SessionStoreKind
from tests.adapters.sql.guarded.guarded_shop import (
    PRICE,
    SKUS,
    STOCK,
    GuardedShop,
    order,
    until_one_waits,
)
from tests.adapters.sql.guarded.statements import (
    assert_read_and_written,
    scanned_tables,
    statements,
)
from tests.clock import FakeClock

pytestmark = pytest.mark.anyio

APPROVED = Approved(payment_id="payment-1")

DECIDED_ELSEWHERE = """
WITH decided AS (UPDATE orders SET status = 'declined', version = version + 1),
released AS (UPDATE inventories SET reserved = 0)
UPDATE payments SET status = 'declined'
"""


def complete(
    placed: PlacedOrder, outcome: PaymentOutcome = APPROVED, token: SessionToken | None = None
) -> CompleteOrder:
    return CompleteOrder(
        order=placed.order, payment=placed.payment, payment_outcome=outcome, session=token
    )


async def completed(shop: GuardedShop, *commands: CompleteOrder) -> Sequence[CompletedOrder]:
    return await shop.container.complete_orders().complete(commands)


async def job_kinds(shop: GuardedShop) -> Sequence[str]:
    return [row.kind for row in await shop.rows(jobs)]


class TestCompletions:
    @pytest.mark.parametrize("size", [1, 50])
    async def test_group_is_read_and_written_with_one_statement_each(
        self, shop: GuardedShop, size: int
    ) -> None:
        customers = [await shop.sign_up() for _ in range(size)]
        placed = await shop.place_by_card(*(order(each, "TEA") for each in customers))

        with statements(shop) as sent:
            results = await completed(
                shop,
                *(
                    complete(each, token=token)
                    for each, token in zip(placed, customers, strict=True)
                ),
            )

        assert_read_and_written(sent)
        statuses = [each.order.status for each in results if isinstance(each, PlacedOrder)]
        assert statuses == [OrderStatus.PAID] * size
        (stock,) = (each for each in await shop.rows(inventories) if each.sku == "TEA")
        assert (stock.on_hand, stock.reserved) == (STOCK - size, 0)
        assert await job_kinds(shop) == ["capture_payment"] * size
        assert {each.status for each in await shop.rows(payments)} == {"authorised"}
        last = {each.last_order_id for each in await shop.rows(sessions)}
        assert last == {each.id for each in placed}

    async def test_job_completes_an_order_in_the_session_that_placed_it(
        self, shop: GuardedShop
    ) -> None:
        customer = await shop.sign_up()
        for sku in SKUS:
            await shop.put_in_cart(customer, sku, 1)
        (placed,) = await shop.place_by_card(order(customer))

        with statements(shop) as sent:
            await completed(shop, complete(placed))

        assert_read_and_written(sent)
        assert await scanned_tables(shop, sent) == set()
        (session,) = await shop.rows(sessions)
        assert session.last_order_id == placed.id
        assert await shop.carts() == [{}]

    async def test_order_that_was_completed_before_stays_as_it_is(self, shop: GuardedShop) -> None:
        (placed,) = await shop.place_by_card(order(await shop.sign_up(), "TEA"))
        await completed(shop, complete(placed))

        assert await completed(shop, complete(placed)) == [None]

        assert shop.attempts == ["committed", "committed"]
        assert await job_kinds(shop) == ["capture_payment"]

    @pytest.mark.parametrize(
        ("outcome", "error", "kinds"),
        [
            (Declined(reason="stolen"), CardDeclined, []),
            (TimedOut(), PaymentExpired, ["reverse_payment"]),
        ],
        ids=["declined", "expired"],
    )
    async def test_order_that_is_not_paid_releases_its_stock(
        self,
        shop: GuardedShop,
        outcome: PaymentOutcome,
        error: type[Exception],
        kinds: Sequence[str],
    ) -> None:
        command = order(await shop.sign_up(), "TEA")
        (placed,) = await shop.place_by_card(command)

        (result,) = await completed(shop, complete(placed, outcome))

        assert isinstance(result, error)
        assert shop.attempts == ["committed"]
        assert {(each.on_hand, each.reserved) for each in await shop.rows(inventories)} == {
            (STOCK, 0)
        }
        assert await job_kinds(shop) == kinds
        (replayed,) = await shop.place(replace(command, card="tok_visa"))
        assert (replayed.replayed, type(replayed.value)) == (True, error)

    async def test_cart_in_the_cookie_is_completed_without_locks(
        self, shop: GuardedShop, clock: FakeClock
    ) -> None:
        cookies = SessionStoreKind.COOKIE
        shop = shop.opened_by(shop.database_url, clock, session_store=cookies)
        customer = await shop.sign_up()
        (placed,) = await shop.place_by_card(order(customer, "TEA"))

        (result,) = await completed(shop, complete(placed, token=customer))

        assert isinstance(result, PlacedOrder)
        assert result.new_token is not None
        assert shop.attempts == ["committed"]
        await shop.database.close()


class TestGuards:
    @pytest.mark.parametrize("outcome", [APPROVED, TimedOut()])
    async def test_order_that_was_decided_meanwhile_is_not_decided_again(
        self, shop: GuardedShop, outcome: PaymentOutcome
    ) -> None:
        (placed,) = await shop.place_by_card(order(await shop.sign_up(), "TEA"))
        shop.before_writing.append(partial(shop.execute, DECIDED_ELSEWHERE))

        (result,) = await completed(shop, complete(placed, outcome))

        assert result is None
        assert shop.attempts == ["TransactionConflict"]
        assert [each.status for each in await shop.rows(orders)] == ["declined"]
        reversed_ = "reverse_payment" in await job_kinds(shop)
        assert reversed_ == (outcome == APPROVED)

    async def test_payment_keeps_what_was_recorded_meanwhile(self, shop: GuardedShop) -> None:
        (placed,) = await shop.place_by_card(order(await shop.sign_up(), "TEA"))
        earlier = "UPDATE payments SET expires_at = expires_at - interval '1 minute'"
        shop.before_writing.append(partial(shop.execute, earlier))
        (before,) = await shop.rows(payments)

        await completed(shop, complete(placed))

        (after,) = await shop.rows(payments)
        assert (before.expires_at - after.expires_at).total_seconds() == 60
        assert (after.status, after.gateway_payment_id) == ("authorised", "payment-1")
        assert shop.attempts == ["TransactionConflict"]

    async def test_changed_session_keeps_its_change(self, shop: GuardedShop) -> None:
        customer = await shop.sign_up()
        (placed,) = await shop.place_by_card(order(customer, "TEA"))
        shop.before_writing.append(partial(shop.prefer, customer, theme="dark"))

        await completed(shop, complete(placed, token=customer))

        (session,) = await shop.rows(sessions)
        assert (session.preferences, session.last_order_id) == ({"theme": "dark"}, placed.id)
        assert shop.attempts == ["TransactionConflict"]

    async def test_cart_keeps_what_was_put_meanwhile(self, shop: GuardedShop) -> None:
        customer = await shop.sign_up()
        await shop.put_in_cart(customer, "TEA", 1)
        (placed,) = await shop.place_by_card(order(customer))
        shop.before_writing.append(partial(shop.put_in_cart, customer, "COFFEE", 3))

        await completed(shop, complete(placed, token=customer))

        assert await shop.carts() == [{"COFFEE": 3}]
        assert shop.attempts == ["committed", "TransactionConflict"]

    async def test_cart_is_emptied_after_its_session_has_ended(self, shop: GuardedShop) -> None:
        customer = await shop.sign_up()
        await shop.put_in_cart(customer, "TEA", 1)
        (placed,) = await shop.place_by_card(order(customer))
        await shop.execute("DELETE FROM sessions")

        await completed(shop, complete(placed))

        assert await shop.carts() == [{}]

    async def test_key_is_completed_once(self, shop: GuardedShop) -> None:
        (placed,) = await shop.place_by_card(order(await shop.sign_up(), "TEA"))
        await shop.execute("""UPDATE idempotency_keys SET rejection = '{"code": "x"}'""")

        with pytest.raises(RuntimeError, match="already completed"):
            await completed(shop, complete(placed))

        assert shop.attempts == ["TransactionConflict"]
        assert [each.status for each in await shop.rows(orders)] == ["pending"]

    @pytest.mark.parametrize(
        ("held", "free"),
        [
            ("inventories", ["orders", "payments", "idempotency_keys"]),
            ("orders", ["payments", "idempotency_keys"]),
            # As where locks are held: there the key is written at the end.
            ("payments", ["idempotency_keys"]),
        ],
    )
    async def test_rows_are_locked_in_the_one_order(
        self, shop: GuardedShop, held: str, free: Sequence[str]
    ) -> None:
        (placed,) = await shop.place_by_card(order(await shop.sign_up(), "TEA"))
        async with shop.database.writer.begin() as other:
            await other.execute(text(f"SELECT * FROM {held} FOR UPDATE"))  # noqa: S608
            completing = asyncio.create_task(completed(shop, complete(placed)))
            await until_one_waits(shop)
            for rows in free:
                # It would fail if the waiting statement had locked a row out of turn.
                await shop.execute(f"SELECT * FROM {rows} FOR UPDATE NOWAIT")  # noqa: S608
        (result,) = await completing

        assert isinstance(result, PlacedOrder)
        assert result.order.total.amount == PRICE
        assert shop.attempts == ["committed"]


class TestCaptures:
    async def capture(self, shop: GuardedShop, placed: PlacedOrder) -> None:
        now = shop.container.clock().now()
        job = Job.new(JobKind.CAPTURE_PAYMENT, placed.id, at=now, due_at=now)
        await shop.container.payment_jobs().capture(job)

    @pytest.fixture
    async def paid(self, shop: GuardedShop) -> PlacedOrder:
        command = order(await shop.sign_up(), "TEA")
        (placed,) = await shop.place_by_card(command)
        card_payment = CardPayment.for_order(placed.payment)
        outcome = await shop.container.card_payments().authorise(card_payment)
        assert isinstance(outcome, Approved)
        await completed(shop, complete(placed, outcome))
        shop.attempts.clear()
        return placed

    async def test_capture_is_recorded_with_two_statements(
        self, shop: GuardedShop, paid: PlacedOrder
    ) -> None:
        await self.capture(shop, paid)

        assert shop.attempts == ["committed"]
        assert [each.status for each in await shop.rows(payments)] == ["captured"]
        assert await job_kinds(shop) == []

    async def test_payment_that_was_voided_meanwhile_is_reversed(
        self, shop: GuardedShop, paid: PlacedOrder
    ) -> None:
        cancelled = """
        WITH cancelled AS (UPDATE orders SET status = 'cancelled', version = version + 1)
        UPDATE payments SET status = 'voided'
        """
        shop.before_writing.append(partial(shop.execute, cancelled))

        await self.capture(shop, paid)

        assert shop.attempts == ["TransactionConflict"]
        assert [each.status for each in await shop.rows(payments)] == ["voided"]
        assert await job_kinds(shop) == ["reverse_payment"]

    async def test_order_is_locked_while_its_payment_is_recorded(
        self, shop: GuardedShop, paid: PlacedOrder
    ) -> None:
        async with shop.database.writer.begin() as other:
            await other.execute(text("SELECT * FROM orders FOR UPDATE"))
            capturing = asyncio.create_task(self.capture(shop, paid))
            await until_one_waits(shop)
            await shop.execute("SELECT * FROM payments FOR UPDATE NOWAIT")
        await capturing

        assert shop.attempts == ["committed"]
