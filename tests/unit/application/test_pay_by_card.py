"""Orders are paid by card: charged once if they are placed, and not at all if they are not."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from shop.adapters.memory.payment_gateway import ScriptedResult
from shop.application.checkout.complete_orders import CompleteOrder
from shop.application.checkout.placed_order import PlacedOrder
from shop.application.jobs.retry_policy import MAX_FAILURES
from shop.application.orders.cancel import CancelOrder
from shop.application.ports.payment_gateway import (
    Approved,
    AuthorisationRequest,
    AuthorisationResult,
    Declined,
    GatewayPayment,
    GatewayRejected,
)
from shop.application.ports.repositories.idempotency_keys import Rejected, Succeeded
from shop.application.ports.repositories.jobs import JobKind
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import CommitOutcomeUnknown
from shop.domain.account import ShopAccount
from shop.domain.cart import Cart
from shop.domain.inventory import OutOfStock
from shop.domain.orders.order import OrderStatus
from shop.domain.payment import (
    CardDeclined,
    PaymentCancelled,
    PaymentExpired,
    PaymentMethod,
    PaymentStatus,
)
from tests.factories import EUR, NOW, eur
from tests.unit.application.memory_shop import (
    HOLD_SECONDS,
    KEY_SECONDS,
    WELCOME,
    MemoryShop,
    place_order,
)

pytestmark = pytest.mark.anyio

HOLD = timedelta(seconds=HOLD_SECONDS)
A_WHILE = timedelta(seconds=30)
A_YEAR = timedelta(days=365)


@pytest.fixture
async def adas(shop: MemoryShop, admin: SessionToken) -> AsyncIterator[SessionToken]:
    """Give Ada's token; look into the books at the end."""
    del admin
    yield await shop.customer("ada")
    assert await shop.findings() == []


async def _pay(shop: MemoryShop, token: SessionToken, card: str = "tok_visa") -> PlacedOrder:
    """Order two of the five of tea, for 200."""
    return await shop.check_out(place_order(token, ("TEA", 2), card=card))


async def _at_gateway(shop: MemoryShop) -> GatewayPayment:
    (payment,) = [each async for each in shop.gateway.list_payments(NOW - A_YEAR, NOW + A_YEAR)]
    return payment


def _stands(shop: MemoryShop) -> tuple[OrderStatus, PaymentStatus]:
    (order,) = shop.state.orders.rows.values()
    return order.status, shop.state.payments.rows[order.id].status


async def _wait(shop: MemoryShop, time: timedelta = A_WHILE) -> None:
    shop.clock.advance(time)
    await shop.work()


class TestAnApprovedCard:
    async def test_pays_the_order(self, shop: MemoryShop, adas: SessionToken) -> None:
        placed = await _pay(shop, adas)

        assert placed.order.status is OrderStatus.PAID
        assert (placed.payment.method, placed.payment.status) == (
            PaymentMethod.CARD,
            PaymentStatus.AUTHORISED,
        )
        assert _stands(shop) == (OrderStatus.PAID, PaymentStatus.AUTHORISED)
        assert shop.stock_of("TEA") == (3, 0)
        assert shop.balance("ada") == WELCOME
        assert shop.outcome("ada") == Succeeded(reference=placed.order.id)
        (charge,) = [
            each for each in shop.state.transfers.rows.values() if each.order_id == placed.order.id
        ]
        assert (charge.debit_account_id, charge.credit_account_id, charge.amount) == (
            ShopAccount.CARD_CLEARING.account_id(EUR),
            ShopAccount.SALES.account_id(EUR),
            eur(200),
        )

    async def test_is_tracked_by_the_session_and_empties_the_cart(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        await shop.fill_cart(adas, TEA=2)
        placed = await shop.check_out(place_order(adas, card="tok_visa"))

        session = await shop.session(adas)
        assert session is not None
        assert (session.last_order_id, session.cart) == (placed.order.id, Cart())

    async def test_is_captured_once_by_the_worker(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        await _pay(shop, adas)
        assert shop.jobs == ["capture_payment"]

        assert [await shop.work(), await shop.work()] == [1, 0]

        payment = await _at_gateway(shop)
        assert (payment.is_captured, payment.amount) == (True, eur(200))
        assert _stands(shop) == (OrderStatus.PAID, PaymentStatus.CAPTURED)
        assert shop.jobs == []

    async def test_answers_alike_however_often_it_is_asked(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        first = await _pay(shop, adas)
        await shop.work()
        command = place_order(adas, ("TEA", 2), card="tok_visa")
        again = await shop.container.checkout().place(command)

        assert again.replayed
        assert again.value == replace(first, new_token=None)
        assert shop.gateway.calls.total() == 1

    async def test_is_charged_once_for_many_requests_at_once(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        answers = await asyncio.gather(*(_pay(shop, adas) for _ in range(20)))

        assert {each.order.id for each in answers} == {answers[0].order.id}
        assert {each.order.status for each in answers} == {OrderStatus.PAID}
        assert len(shop.state.orders.rows) == 1
        await _at_gateway(shop)

    async def test_leaves_in_the_cart_what_came_in_meanwhile(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        await shop.fill_cart(adas, TEA=2)
        await shop.check_out(place_order(adas, card="tok_timeout_after"))
        await shop.fill_cart(adas, TEA=3, COFFEE=1)

        await _wait(shop)

        session = await shop.session(adas)
        assert session is not None
        assert {line.sku: line.quantity for line in session.cart.lines} == {"TEA": 1, "COFFEE": 1}


class TestADeclinedCard:
    @pytest.mark.parametrize(
        ("card", "reason"),
        [
            ("tok_declined", "declined"),
            ("tok_insufficient", "insufficient_funds"),
            ("tok_nobody_knows", "unknown_token"),
        ],
    )
    async def test_leaves_everything_as_it_was(
        self, shop: MemoryShop, adas: SessionToken, card: str, reason: str
    ) -> None:
        await shop.fill_cart(adas, TEA=2)
        before = await shop.session(adas)
        with pytest.raises(CardDeclined) as refused:
            await shop.check_out(place_order(adas, card=card))

        assert refused.value == CardDeclined(reason=reason)
        assert _stands(shop) == (OrderStatus.DECLINED, PaymentStatus.DECLINED)
        assert shop.stock_of("TEA") == (5, 0)
        assert await shop.session(adas) == before
        assert shop.outcome("ada") == Rejected(error=refused.value)
        assert shop.jobs == []

    async def test_stays_declined_under_its_key(self, shop: MemoryShop, adas: SessionToken) -> None:
        for _ in range(2):
            with pytest.raises(CardDeclined):
                await _pay(shop, adas, "tok_declined")
        assert shop.gateway.calls.total() == 1

    async def test_stays_declined_when_old_refusals_are_forgotten(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        with pytest.raises(CardDeclined):
            await _pay(shop, adas, "tok_declined")
        shop.clock.advance(A_YEAR)

        assert await shop.container.purge_idempotency_keys().purge() == 0

        with pytest.raises(CardDeclined):
            await shop.check_out(
                place_order(await shop.sign_in("ada"), ("TEA", 2), card="tok_declined")
            )

    async def test_another_card_under_another_key_pays(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        with pytest.raises(CardDeclined):
            await _pay(shop, adas, "tok_declined")
        placed = await shop.check_out(
            place_order(adas, ("TEA", 2), card="tok_visa", key="key-0002")
        )
        assert placed.order.status is OrderStatus.PAID
        assert shop.stock_of("TEA") == (3, 0)


class TestASilentGateway:
    @pytest.mark.parametrize("card", ["tok_timeout_before", "tok_timeout_after", "tok_error"])
    async def test_leaves_the_order_pending_and_its_goods_reserved(
        self, shop: MemoryShop, adas: SessionToken, card: str
    ) -> None:
        placed = await _pay(shop, adas, card)

        assert placed.order.status is OrderStatus.PENDING
        assert _stands(shop) == (OrderStatus.PENDING, PaymentStatus.PENDING)
        assert shop.stock_of("TEA") == (5, 2)
        assert shop.outcome("ada") is None
        assert shop.jobs == ["resolve_payment"]

    @pytest.mark.parametrize("card", ["tok_timeout_before", "tok_timeout_after", "tok_error"])
    async def test_is_resolved_by_the_worker_and_told_to_the_session(
        self, shop: MemoryShop, adas: SessionToken, card: str
    ) -> None:
        placed = await _pay(shop, adas, card)
        await _wait(shop)
        await shop.work()

        assert _stands(shop) == (OrderStatus.PAID, PaymentStatus.CAPTURED)
        assert shop.stock_of("TEA") == (3, 0)
        session = await shop.session(adas)
        assert session is not None
        assert session.last_order_id == placed.order.id
        assert (await _at_gateway(shop)).is_captured
        again = await _pay(shop, adas, card)
        assert (again.order.id, again.order.status) == (placed.order.id, OrderStatus.PAID)

    @pytest.mark.parametrize("card", ["tok_timeout_before", "tok_timeout_after"])
    async def test_is_resolved_by_the_same_request_again(
        self, shop: MemoryShop, adas: SessionToken, card: str
    ) -> None:
        placed = await _pay(shop, adas, card)
        again = await _pay(shop, adas, card)

        assert (again.order.id, again.order.status) == (placed.order.id, OrderStatus.PAID)
        assert shop.jobs == ["capture_payment"]
        await _at_gateway(shop)

    async def test_is_nothing_to_the_worker_once_somebody_has_heard(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        await _pay(shop, adas, "tok_timeout_after")
        async with shop.container.unit_of_work() as uow:
            late = await uow.jobs.lease(frozenset(JobKind), NOW + A_WHILE, NOW + HOLD, 1)
            await uow.commit()
        await _pay(shop, adas, "tok_timeout_after")

        await shop.container.payment_jobs().resolve(late[0])

        assert _stands(shop) == (OrderStatus.PAID, PaymentStatus.AUTHORISED)
        assert shop.jobs == ["capture_payment"]

    async def test_that_stays_silent_ends_the_order_in_time(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        shop.gateway.script(*[ScriptedResult.TIMEOUT_BEFORE] * 100)
        await _pay(shop, adas)
        await _wait(shop)
        assert _stands(shop) == (OrderStatus.PENDING, PaymentStatus.PENDING)

        await _wait(shop, HOLD)

        assert _stands(shop) == (OrderStatus.EXPIRED, PaymentStatus.VOIDED)
        assert shop.stock_of("TEA") == (5, 0)
        assert shop.jobs == ["reverse_payment"]
        with pytest.raises(PaymentExpired):
            await _pay(shop, adas)
        await _wait(shop)
        assert shop.jobs == []

    async def test_that_has_forgotten_the_key_is_not_asked_again(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        shop.gateway.script(ScriptedResult.TIMEOUT_AFTER)
        await _pay(shop, adas)
        shop.clock.advance(timedelta(seconds=KEY_SECONDS))

        again = await _pay(shop, adas)

        assert again.order.status is OrderStatus.PAID
        assert shop.gateway.calls.total() == 1

    async def test_that_has_voided_the_payment_by_hand_ends_the_order(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        await _pay(shop, adas, "tok_timeout_after")
        await shop.gateway.void(key="by hand", payment_id=(await _at_gateway(shop)).id)

        await _wait(shop)

        assert _stands(shop) == (OrderStatus.DECLINED, PaymentStatus.DECLINED)
        assert shop.stock_of("TEA") == (5, 0)
        assert shop.outcome("ada") == Rejected(error=CardDeclined(reason="voided"))
        assert shop.jobs == []

    async def test_a_customer_who_has_not_taken_the_step_has_a_pending_order(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        placed = await _pay(shop, adas, "tok_authenticate")
        assert placed.order.status is OrderStatus.PENDING
        await shop.gateway.authenticate((await _at_gateway(shop)).id, approved=True)

        await _wait(shop)

        assert _stands(shop)[0] is OrderStatus.PAID

    async def test_a_customer_who_has_taken_the_step_is_told_so_by_asking_again(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        await _pay(shop, adas, "tok_authenticate")
        await shop.gateway.authenticate((await _at_gateway(shop)).id, approved=True)

        assert (await _pay(shop, adas, "tok_authenticate")).order.status is OrderStatus.PAID

    async def test_a_step_that_is_never_taken_ends_the_order_and_the_challenge(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        await _pay(shop, adas, "tok_authenticate")
        await _wait(shop, HOLD)
        await _wait(shop)

        assert _stands(shop) == (OrderStatus.EXPIRED, PaymentStatus.VOIDED)
        assert (await _at_gateway(shop)).is_voided


class TestAnApprovalThatIsTooLate:
    async def test_is_given_back(
        self, shop: MemoryShop, adas: SessionToken, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        authorise = shop.gateway.authorise

        async def slowly(wish: AuthorisationRequest) -> AuthorisationResult:
            await _wait(shop, HOLD)
            await _wait(shop)
            return await authorise(wish)

        monkeypatch.setattr(shop.gateway, "authorise", slowly)
        with pytest.raises(PaymentExpired):
            await _pay(shop, adas)

        assert _stands(shop) == (OrderStatus.EXPIRED, PaymentStatus.VOIDED)
        await _wait(shop)
        payment = await _at_gateway(shop)
        assert (isinstance(payment.authorisation_result, Approved), payment.is_voided) == (
            True,
            True,
        )
        assert shop.stock_of("TEA") == (5, 0)
        assert shop.jobs == []


class TestACancelledOrder:
    async def _cancel(self, shop: MemoryShop, token: SessionToken, placed: PlacedOrder) -> None:
        command = CancelOrder(session=token, order_id=placed.order.id)
        await shop.container.cancel_orders().cancel(command)

    async def test_is_voided_before_the_money_is_taken(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        placed = await _pay(shop, adas)
        await self._cancel(shop, adas, placed)
        assert _stands(shop) == (OrderStatus.CANCELLED, PaymentStatus.VOIDED)
        assert shop.jobs == ["reverse_payment"]
        await shop.work()

        payment = await _at_gateway(shop)
        assert (payment.is_voided, payment.is_captured) == (True, False)
        assert shop.stock_of("TEA") == (5, 0)
        assert shop.balance("ada") == WELCOME
        assert shop.jobs == []

    async def test_is_refunded_after_the_money_was_taken(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        placed = await _pay(shop, adas)
        await shop.work()
        await self._cancel(shop, adas, placed)
        assert _stands(shop) == (OrderStatus.CANCELLED, PaymentStatus.REFUNDED)
        await shop.work()

        payment = await _at_gateway(shop)
        assert (payment.is_captured, payment.refunded) == (True, eur(200))
        assert shop.jobs == []

    async def test_is_refunded_if_the_money_is_taken_meanwhile(
        self, shop: MemoryShop, adas: SessionToken, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        placed = await _pay(shop, adas)
        capture = shop.gateway.capture

        async def slowly(**asked: object) -> None:
            await capture(**asked)  # type: ignore[arg-type]  # Passed on as it came.
            await self._cancel(shop, adas, placed)

        monkeypatch.setattr(shop.gateway, "capture", slowly)
        await shop.work()
        await shop.work()

        assert _stands(shop) == (OrderStatus.CANCELLED, PaymentStatus.VOIDED)
        payment = await _at_gateway(shop)
        assert (payment.is_captured, payment.refunded) == (True, eur(200))
        assert shop.jobs == []

    async def test_that_was_pending_is_never_charged(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        placed = await _pay(shop, adas, "tok_timeout_after")
        await self._cancel(shop, adas, placed)
        assert _stands(shop) == (OrderStatus.CANCELLED, PaymentStatus.VOIDED)
        assert shop.stock_of("TEA") == (5, 0)
        await shop.work()

        assert (await _at_gateway(shop)).is_voided
        with pytest.raises(PaymentCancelled):
            await _pay(shop, adas, "tok_timeout_after")
        assert shop.jobs == []


class TestTheShop:
    async def test_reserves_no_more_than_there_is(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        shop.gateway.script(*[ScriptedResult.TIMEOUT_BEFORE] * 3)
        for key in ("key-0001", "key-0002"):
            await shop.check_out(place_order(adas, ("TEA", 2), card="tok_visa", key=key))
        with pytest.raises(OutOfStock):
            await shop.check_out(place_order(adas, ("TEA", 2), card="tok_visa", key="key-0003"))
        assert shop.stock_of("TEA") == (5, 4)

    @pytest.mark.parametrize("place", ["commit", "committed"])
    @pytest.mark.parametrize("nth", [0, 1])
    async def test_charges_once_whichever_commit_is_not_answered(
        self, shop: MemoryShop, adas: SessionToken, place: str, nth: int
    ) -> None:
        fine = [("never", CommitOutcomeUnknown())] * nth
        shop.mishaps.plan(*fine, (place, CommitOutcomeUnknown("no answer")))

        placed = await _pay(shop, adas)

        assert placed.order.status is OrderStatus.PAID
        await shop.work()
        assert _stands(shop) == (OrderStatus.PAID, PaymentStatus.CAPTURED)
        assert len(shop.state.orders.rows) == 1

    async def test_takes_the_money_again_and_again_until_the_gateway_hears(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        await _pay(shop, adas)
        shop.gateway.script(*[ScriptedResult.TIMEOUT_BEFORE] * 5)
        for _ in range(6):
            assert shop.jobs == ["capture_payment"]
            await shop.work()
            shop.clock.advance(timedelta(minutes=10))

        assert _stands(shop) == (OrderStatus.PAID, PaymentStatus.CAPTURED)
        assert shop.jobs == []

    async def test_gives_a_job_up_after_many_attempts_until_an_operator_revives_it(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        await _pay(shop, adas)
        shop.gateway.script(*[ScriptedResult.TIMEOUT_BEFORE] * MAX_FAILURES)
        for _ in range(MAX_FAILURES):
            await shop.work()
            shop.clock.advance(timedelta(minutes=10))
        assert shop.jobs == ["capture_payment (dead)"]
        assert await shop.work() == 0

        (dead,) = await shop.container.job_service().list(dead_only=True)
        assert dead.last_error == "GatewayOutcomeUnknown: no answer, and it never arrived"
        assert await shop.container.job_service().retry_dead() == 1
        await shop.work()

        assert _stands(shop) == (OrderStatus.PAID, PaymentStatus.CAPTURED)


async def test_a_key_that_was_used_in_other_words_does_not_decline_what_it_paid(
    shop: MemoryShop, adas: SessionToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _pay(shop, adas, "tok_timeout_after")

    async def refuse(wish: AuthorisationRequest) -> AuthorisationResult:
        raise GatewayRejected(f"{wish.key} was used in other words")

    monkeypatch.setattr(shop.gateway, "authorise", refuse)
    placed = await _pay(shop, adas, "tok_timeout_after")

    assert placed.order.status is OrderStatus.PAID
    assert _stands(shop) == (OrderStatus.PAID, PaymentStatus.AUTHORISED)


async def test_what_is_cancelled_while_slow_books_are_read_is_not_asked_for_any_more(
    shop: MemoryShop, adas: SessionToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.gateway.script(ScriptedResult.TIMEOUT_BEFORE)
    placed = await _pay(shop, adas)
    look_up = shop.gateway.find_payment

    async def look_up_slowly(reference: UUID, _: str | None = None) -> GatewayPayment | None:
        monkeypatch.setattr(shop.gateway, "find_payment", look_up)
        found = await look_up(reference)
        command = CancelOrder(session=adas, order_id=placed.order.id)
        await shop.container.cancel_orders().cancel(command)
        await shop.work()
        # By now, whatever was asked before the cancellation would have arrived.
        await _wait(shop)
        assert shop.jobs == []
        return found

    monkeypatch.setattr(shop.gateway, "find_payment", look_up_slowly)
    shop.gateway.script(ScriptedResult.TIMEOUT_AFTER)
    await _wait(shop)

    assert _stands(shop) == (OrderStatus.CANCELLED, PaymentStatus.VOIDED)
    assert await shop.gateway.find_payment(placed.order.id) is None


async def test_what_was_captured_with_an_error_for_an_answer_is_found_in_the_books(
    shop: MemoryShop, adas: SessionToken
) -> None:
    await _pay(shop, adas)
    shop.gateway.script(*[ScriptedResult.TIMEOUT_AFTER] * MAX_FAILURES)

    await shop.work()

    assert _stands(shop) == (OrderStatus.PAID, PaymentStatus.CAPTURED)
    assert shop.jobs == []


async def test_books_that_do_not_show_what_was_authorised_end_no_undo(
    shop: MemoryShop, adas: SessionToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    placed = await _pay(shop, adas)
    await shop.work()
    await shop.container.cancel_orders().cancel(CancelOrder(session=adas, order_id=placed.order.id))

    async def find_nothing(*_: object) -> None:
        """Look into books that are not there any more."""

    with monkeypatch.context() as patch:
        patch.setattr(shop.gateway, "find_payment", find_nothing)
        await _wait(shop)
    assert shop.jobs == ["reverse_payment"]

    shop.clock.advance(timedelta(minutes=10))
    await shop.work()
    assert shop.jobs == []
    assert (await _at_gateway(shop)).refunded == placed.order.total


async def test_a_failed_step_that_is_taken_after_the_cancellation_is_given_back(
    shop: MemoryShop, adas: SessionToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    placed = await _pay(shop, adas, "tok_authenticate")
    payment_id = (await _at_gateway(shop)).id
    await shop.container.cancel_orders().cancel(CancelOrder(session=adas, order_id=placed.order.id))
    look_up = shop.gateway.find_payment

    async def look_up_while_it_pays(
        reference: UUID, known: str | None = None
    ) -> GatewayPayment | None:
        found = await look_up(reference, known)
        assert found is not None
        monkeypatch.setattr(shop.gateway, "find_payment", look_up)
        # Of another card, for all that the worker knows; the notice is as fast.
        await shop.gateway.authenticate(payment_id, approved=True)
        await shop.container.complete_orders().complete(
            [
                CompleteOrder(
                    order=placed.order,
                    payment=placed.payment,
                    payment_outcome=Approved(payment_id=payment_id),
                    session=None,
                    gateway_event=None,
                )
            ]
        )
        return replace(found, authorisation_result=Declined(reason="authentication_failed"))

    monkeypatch.setattr(shop.gateway, "find_payment", look_up_while_it_pays)
    await _wait(shop)
    await _wait(shop)

    assert (await _at_gateway(shop)).is_voided
    assert shop.jobs == []
