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
from shop.application.ports.unit_of_work import CommitOutcomeUnknown, DatabaseUnavailable
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
from tests.application.memory_shop import (
    IDEMPOTENCY_SECONDS,
    PENDING_PAYMENT_SECONDS,
    WELCOME_CREDIT,
    MemoryShop,
    place_order,
)
from tests.factories import EUR, NOW, eur

pytestmark = pytest.mark.anyio

PENDING_PAYMENT_TIMEOUT = timedelta(seconds=PENDING_PAYMENT_SECONDS)
A_WHILE = timedelta(seconds=30)
A_YEAR = timedelta(days=365)


@pytest.fixture
async def ada_token(shop: MemoryShop, admin: SessionToken) -> AsyncIterator[SessionToken]:
    """Give Ada's token; look into the books at the end."""
    del admin
    yield await shop.customer("ada")
    assert await shop.audit_violations() == []


async def _pay(shop: MemoryShop, token: SessionToken, card: str = "tok_visa") -> PlacedOrder:
    """Order two of the five of tea, for 200."""
    return await shop.check_out(place_order(token, ("TEA", 2), card=card))


async def _at_gateway(shop: MemoryShop) -> GatewayPayment:
    (payment,) = [each async for each in shop.gateway.list_payments(NOW - A_YEAR, NOW + A_YEAR)]
    return payment


def _order_state(shop: MemoryShop) -> tuple[OrderStatus, PaymentStatus]:
    (order,) = shop.state.orders.rows.values()
    return order.status, shop.state.payments.rows[order.id].status


async def _wait(shop: MemoryShop, time: timedelta = A_WHILE) -> None:
    shop.clock.advance(time)
    await shop.run_jobs()


class TestAnApprovedCard:
    async def test_pays_the_order(self, shop: MemoryShop, ada_token: SessionToken) -> None:
        placed = await _pay(shop, ada_token)

        assert placed.order.status is OrderStatus.PAID
        assert (placed.payment.method, placed.payment.status) == (
            PaymentMethod.CARD,
            PaymentStatus.AUTHORISED,
        )
        assert _order_state(shop) == (OrderStatus.PAID, PaymentStatus.AUTHORISED)
        assert shop.stock_of("TEA") == (3, 0)
        assert shop.balance("ada") == WELCOME_CREDIT
        assert shop.outcome("ada") == Succeeded(reference=placed.order.id)
        (charge,) = [
            each for each in shop.state.transfers.rows.values() if each.order_id == placed.order.id
        ]
        assert (charge.debit_account_id, charge.credit_account_id, charge.amount) == (
            ShopAccount.CARD_CLEARING.account_id(EUR),
            ShopAccount.SALES.account_id(EUR),
            eur(200),
        )

    async def test_is_the_last_order_of_the_session_and_clears_the_cart(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        await shop.fill_cart(ada_token, TEA=2)
        placed = await shop.check_out(place_order(ada_token, card="tok_visa"))

        session = await shop.session(ada_token)
        assert session is not None
        assert (session.last_order_id, session.cart) == (placed.order.id, Cart())

    async def test_is_captured_once_by_the_worker(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        await _pay(shop, ada_token)
        assert shop.jobs == ["capture_payment"]

        assert [await shop.run_jobs(), await shop.run_jobs()] == [1, 0]

        payment = await _at_gateway(shop)
        assert (payment.is_captured, payment.amount) == (True, eur(200))
        assert _order_state(shop) == (OrderStatus.PAID, PaymentStatus.CAPTURED)
        assert shop.jobs == []

    async def test_is_replayed_however_often_it_is_requested(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        first = await _pay(shop, ada_token)
        await shop.run_jobs()
        command = place_order(ada_token, ("TEA", 2), card="tok_visa")
        again = await shop.container.checkout().place(command)

        assert again.replayed
        assert again.value == replace(first, new_token=None)
        assert shop.gateway.calls.total() == 1

    async def test_is_charged_once_for_concurrent_requests(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        responses = await asyncio.gather(*(_pay(shop, ada_token) for _ in range(20)))

        assert {each.order.id for each in responses} == {responses[0].order.id}
        assert {each.order.status for each in responses} == {OrderStatus.PAID}
        assert len(shop.state.orders.rows) == 1
        await _at_gateway(shop)

    async def test_keeps_the_cart_if_the_order_names_its_lines(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        await shop.fill_cart(ada_token, TEA=3)

        placed = await _pay(shop, ada_token)

        session = await shop.session(ada_token)
        assert session is not None
        assert session.last_order_id == placed.order.id
        assert {line.sku: line.quantity for line in session.cart.lines} == {"TEA": 3}

    async def test_keeps_cart_lines_added_meanwhile(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        await shop.fill_cart(ada_token, TEA=2)
        await shop.check_out(place_order(ada_token, card="tok_timeout_after"))
        await shop.fill_cart(ada_token, TEA=3, COFFEE=1)

        await _wait(shop)

        session = await shop.session(ada_token)
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
    async def test_changes_nothing(
        self, shop: MemoryShop, ada_token: SessionToken, card: str, reason: str
    ) -> None:
        await shop.fill_cart(ada_token, TEA=2)
        before = await shop.session(ada_token)
        with pytest.raises(CardDeclined) as refused:
            await shop.check_out(place_order(ada_token, card=card))

        assert refused.value == CardDeclined(reason=reason)
        assert _order_state(shop) == (OrderStatus.DECLINED, PaymentStatus.DECLINED)
        assert shop.stock_of("TEA") == (5, 0)
        assert await shop.session(ada_token) == before
        assert shop.outcome("ada") == Rejected(error=refused.value)
        assert shop.jobs == []

    async def test_stays_declined_under_its_key(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        for _ in range(2):
            with pytest.raises(CardDeclined):
                await _pay(shop, ada_token, "tok_declined")
        assert shop.gateway.calls.total() == 1

    async def test_stays_declined_after_old_rejections_are_purged(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        with pytest.raises(CardDeclined):
            await _pay(shop, ada_token, "tok_declined")
        shop.clock.advance(A_YEAR)

        assert await shop.container.purge_idempotency_keys().purge() == 0

        with pytest.raises(CardDeclined):
            await shop.check_out(
                place_order(await shop.sign_in("ada"), ("TEA", 2), card="tok_declined")
            )

    async def test_is_followed_by_another_card_under_another_key(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        with pytest.raises(CardDeclined):
            await _pay(shop, ada_token, "tok_declined")
        placed = await shop.check_out(
            place_order(ada_token, ("TEA", 2), card="tok_visa", key="key-0002")
        )
        assert placed.order.status is OrderStatus.PAID
        assert shop.stock_of("TEA") == (3, 0)


class TestAGatewayWithoutResponse:
    @pytest.mark.parametrize("card", ["tok_timeout_before", "tok_timeout_after", "tok_error"])
    async def test_leaves_the_order_pending_with_stock_reserved(
        self, shop: MemoryShop, ada_token: SessionToken, card: str
    ) -> None:
        placed = await _pay(shop, ada_token, card)

        assert placed.order.status is OrderStatus.PENDING
        assert _order_state(shop) == (OrderStatus.PENDING, PaymentStatus.PENDING)
        assert shop.stock_of("TEA") == (5, 2)
        assert shop.outcome("ada") is None
        assert shop.jobs == ["resolve_payment"]

    @pytest.mark.parametrize("card", ["tok_timeout_before", "tok_timeout_after", "tok_error"])
    async def test_is_resolved_by_the_worker_and_shown_in_the_session(
        self, shop: MemoryShop, ada_token: SessionToken, card: str
    ) -> None:
        placed = await _pay(shop, ada_token, card)
        await _wait(shop)
        await shop.run_jobs()

        assert _order_state(shop) == (OrderStatus.PAID, PaymentStatus.CAPTURED)
        assert shop.stock_of("TEA") == (3, 0)
        session = await shop.session(ada_token)
        assert session is not None
        assert session.last_order_id == placed.order.id
        assert (await _at_gateway(shop)).is_captured
        again = await _pay(shop, ada_token, card)
        assert (again.order.id, again.order.status) == (placed.order.id, OrderStatus.PAID)

    @pytest.mark.parametrize("card", ["tok_timeout_before", "tok_timeout_after"])
    async def test_is_resolved_by_a_repeated_request(
        self, shop: MemoryShop, ada_token: SessionToken, card: str
    ) -> None:
        placed = await _pay(shop, ada_token, card)
        again = await _pay(shop, ada_token, card)

        assert (again.order.id, again.order.status) == (placed.order.id, OrderStatus.PAID)
        assert shop.jobs == ["capture_payment"]
        await _at_gateway(shop)

    async def test_needs_no_worker_once_resolved(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        await _pay(shop, ada_token, "tok_timeout_after")
        async with shop.container.unit_of_work() as uow:
            late = await uow.jobs.lease(
                frozenset(JobKind), NOW + A_WHILE, NOW + PENDING_PAYMENT_TIMEOUT, 1
            )
            await uow.commit()
        await _pay(shop, ada_token, "tok_timeout_after")

        await shop.container.payment_jobs().resolve(late[0])

        assert _order_state(shop) == (OrderStatus.PAID, PaymentStatus.AUTHORISED)
        assert shop.jobs == ["capture_payment"]

    async def test_expires_the_order_in_time(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        shop.gateway.script(*[ScriptedResult.TIMEOUT_BEFORE] * 100)
        await _pay(shop, ada_token)
        await _wait(shop)
        assert _order_state(shop) == (OrderStatus.PENDING, PaymentStatus.PENDING)

        await _wait(shop, PENDING_PAYMENT_TIMEOUT)

        assert _order_state(shop) == (OrderStatus.EXPIRED, PaymentStatus.VOIDED)
        assert shop.stock_of("TEA") == (5, 0)
        assert shop.jobs == ["reverse_payment"]
        with pytest.raises(PaymentExpired):
            await _pay(shop, ada_token)
        await _wait(shop)
        assert shop.jobs == []

    async def test_that_has_lost_the_key_is_not_called_again(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        shop.gateway.script(ScriptedResult.TIMEOUT_AFTER)
        await _pay(shop, ada_token)
        shop.clock.advance(timedelta(seconds=IDEMPOTENCY_SECONDS))

        again = await _pay(shop, ada_token)

        assert again.order.status is OrderStatus.PAID
        assert shop.gateway.calls.total() == 1

    async def test_that_has_voided_the_payment_closes_the_order(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        await _pay(shop, ada_token, "tok_timeout_after")
        await shop.gateway.void(key="by hand", payment_id=(await _at_gateway(shop)).id)

        await _wait(shop)

        assert _order_state(shop) == (OrderStatus.DECLINED, PaymentStatus.DECLINED)
        assert shop.stock_of("TEA") == (5, 0)
        assert shop.outcome("ada") == Rejected(error=CardDeclined(reason="voided"))
        assert shop.jobs == []

    async def test_leaves_a_challenged_order_pending(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        placed = await _pay(shop, ada_token, "tok_authenticate")
        assert placed.order.status is OrderStatus.PENDING
        await shop.gateway.authenticate((await _at_gateway(shop)).id, approved=True)

        await _wait(shop)

        assert _order_state(shop)[0] is OrderStatus.PAID

    async def test_returns_a_completed_challenge_to_a_repeated_request(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        await _pay(shop, ada_token, "tok_authenticate")
        await shop.gateway.authenticate((await _at_gateway(shop)).id, approved=True)

        assert (await _pay(shop, ada_token, "tok_authenticate")).order.status is OrderStatus.PAID

    async def test_expires_an_uncompleted_challenge_with_its_order(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        await _pay(shop, ada_token, "tok_authenticate")
        await _wait(shop, PENDING_PAYMENT_TIMEOUT)
        await _wait(shop)

        assert _order_state(shop) == (OrderStatus.EXPIRED, PaymentStatus.VOIDED)
        assert (await _at_gateway(shop)).is_voided


class TestALateApproval:
    async def test_is_reversed(
        self, shop: MemoryShop, ada_token: SessionToken, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        authorise = shop.gateway.authorise

        async def slowly(request: AuthorisationRequest) -> AuthorisationResult:
            await _wait(shop, PENDING_PAYMENT_TIMEOUT)
            await _wait(shop)
            return await authorise(request)

        monkeypatch.setattr(shop.gateway, "authorise", slowly)
        with pytest.raises(PaymentExpired):
            await _pay(shop, ada_token)

        assert _order_state(shop) == (OrderStatus.EXPIRED, PaymentStatus.VOIDED)
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

    async def test_is_voided_before_the_capture(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        placed = await _pay(shop, ada_token)
        await self._cancel(shop, ada_token, placed)
        assert _order_state(shop) == (OrderStatus.CANCELLED, PaymentStatus.VOIDED)
        assert shop.jobs == ["reverse_payment"]
        await shop.run_jobs()

        payment = await _at_gateway(shop)
        assert (payment.is_voided, payment.is_captured) == (True, False)
        assert shop.stock_of("TEA") == (5, 0)
        assert shop.balance("ada") == WELCOME_CREDIT
        assert shop.jobs == []

    async def test_is_refunded_after_the_capture(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        placed = await _pay(shop, ada_token)
        await shop.run_jobs()
        await self._cancel(shop, ada_token, placed)
        assert _order_state(shop) == (OrderStatus.CANCELLED, PaymentStatus.REFUNDED)
        await shop.run_jobs()

        payment = await _at_gateway(shop)
        assert (payment.is_captured, payment.refunded) == (True, eur(200))
        assert shop.jobs == []

    async def test_is_refunded_if_captured_meanwhile(
        self, shop: MemoryShop, ada_token: SessionToken, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        placed = await _pay(shop, ada_token)
        capture = shop.gateway.capture

        async def slowly(**asked: object) -> None:
            await capture(**asked)  # type: ignore[arg-type]  # Passed on as it came.
            await self._cancel(shop, ada_token, placed)

        monkeypatch.setattr(shop.gateway, "capture", slowly)
        await shop.run_jobs()
        await shop.run_jobs()

        assert _order_state(shop) == (OrderStatus.CANCELLED, PaymentStatus.VOIDED)
        payment = await _at_gateway(shop)
        assert (payment.is_captured, payment.refunded) == (True, eur(200))
        assert shop.jobs == []

    async def test_that_was_pending_is_never_charged(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        placed = await _pay(shop, ada_token, "tok_timeout_after")
        await self._cancel(shop, ada_token, placed)
        assert _order_state(shop) == (OrderStatus.CANCELLED, PaymentStatus.VOIDED)
        assert shop.stock_of("TEA") == (5, 0)
        await shop.run_jobs()

        assert (await _at_gateway(shop)).is_voided
        with pytest.raises(PaymentCancelled):
            await _pay(shop, ada_token, "tok_timeout_after")
        assert shop.jobs == []


class TestTheShop:
    async def test_reserves_no_more_than_its_stock(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        shop.gateway.script(*[ScriptedResult.TIMEOUT_BEFORE] * 3)
        for key in ("key-0001", "key-0002"):
            await shop.check_out(place_order(ada_token, ("TEA", 2), card="tok_visa", key=key))
        with pytest.raises(OutOfStock):
            await shop.check_out(
                place_order(ada_token, ("TEA", 2), card="tok_visa", key="key-0003")
            )
        assert shop.stock_of("TEA") == (5, 4)

    @pytest.mark.parametrize("place", ["commit", "committed"])
    @pytest.mark.parametrize("nth", [0, 1])
    async def test_charges_once_whichever_commit_outcome_is_unknown(
        self, shop: MemoryShop, ada_token: SessionToken, place: str, nth: int
    ) -> None:
        fine = [("never", CommitOutcomeUnknown())] * nth
        shop.faults.plan(*fine, (place, CommitOutcomeUnknown("no answer")))

        placed = await _pay(shop, ada_token)

        assert placed.order.status is OrderStatus.PAID
        await shop.run_jobs()
        assert _order_state(shop) == (OrderStatus.PAID, PaymentStatus.CAPTURED)
        assert len(shop.state.orders.rows) == 1

    @pytest.mark.parametrize(
        "later_faults",
        [
            [("enter", DatabaseUnavailable("gone"))],
            [
                ("committed", CommitOutcomeUnknown("no answer")),
                ("never", DatabaseUnavailable()),
                ("idempotency_keys.claim", DatabaseUnavailable("gone")),
            ],
        ],
        ids=["completion-fails", "replay-after-a-lost-commit-fails"],
    )
    async def test_does_not_claim_that_nothing_was_changed_once_the_order_is_placed(
        self,
        shop: MemoryShop,
        ada_token: SessionToken,
        later_faults: list[tuple[str, Exception]],
    ) -> None:
        shop.faults.plan(("never", DatabaseUnavailable()), *later_faults)

        with pytest.raises(CommitOutcomeUnknown):
            await _pay(shop, ada_token)

        assert len(shop.state.orders.rows) == 1
        assert (await _pay(shop, ada_token)).order.status is OrderStatus.PAID
        assert len(shop.state.orders.rows) == 1

    async def test_retries_the_capture_until_the_gateway_responds(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        await _pay(shop, ada_token)
        shop.gateway.script(*[ScriptedResult.TIMEOUT_BEFORE] * 5)
        for _ in range(6):
            assert shop.jobs == ["capture_payment"]
            await shop.run_jobs()
            shop.clock.advance(timedelta(minutes=10))

        assert _order_state(shop) == (OrderStatus.PAID, PaymentStatus.CAPTURED)
        assert shop.jobs == []

    async def test_marks_a_job_dead_after_many_attempts_until_an_operator_retries_it(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        await _pay(shop, ada_token)
        shop.gateway.script(*[ScriptedResult.TIMEOUT_BEFORE] * MAX_FAILURES)
        for _ in range(MAX_FAILURES):
            await shop.run_jobs()
            shop.clock.advance(timedelta(minutes=10))
        assert shop.jobs == ["capture_payment (dead)"]
        assert await shop.run_jobs() == 0

        (dead,) = await shop.container.job_service().list(dead_only=True)
        assert dead.last_error == "GatewayOutcomeUnknown: no answer, and it never arrived"
        assert await shop.container.job_service().retry_dead() == 1
        await shop.run_jobs()

        assert _order_state(shop) == (OrderStatus.PAID, PaymentStatus.CAPTURED)


async def test_key_reused_with_other_details_does_not_decline_a_paid_order(
    shop: MemoryShop, ada_token: SessionToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _pay(shop, ada_token, "tok_timeout_after")

    async def refuse(request: AuthorisationRequest) -> AuthorisationResult:
        raise GatewayRejected(f"{request.key} was used in other words")

    monkeypatch.setattr(shop.gateway, "authorise", refuse)
    placed = await _pay(shop, ada_token, "tok_timeout_after")

    assert placed.order.status is OrderStatus.PAID
    assert _order_state(shop) == (OrderStatus.PAID, PaymentStatus.AUTHORISED)


async def test_order_cancelled_during_a_slow_lookup_is_not_authorised_again(
    shop: MemoryShop, ada_token: SessionToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.gateway.script(ScriptedResult.TIMEOUT_BEFORE)
    placed = await _pay(shop, ada_token)
    look_up = shop.gateway.find_payment

    async def look_up_slowly(reference: UUID, _: str | None = None) -> GatewayPayment | None:
        monkeypatch.setattr(shop.gateway, "find_payment", look_up)
        found = await look_up(reference)
        command = CancelOrder(session=ada_token, order_id=placed.order.id)
        await shop.container.cancel_orders().cancel(command)
        await shop.run_jobs()
        # By now, whatever was asked before the cancellation would have arrived.
        await _wait(shop)
        assert shop.jobs == []
        return found

    monkeypatch.setattr(shop.gateway, "find_payment", look_up_slowly)
    shop.gateway.script(ScriptedResult.TIMEOUT_AFTER)
    await _wait(shop)

    assert _order_state(shop) == (OrderStatus.CANCELLED, PaymentStatus.VOIDED)
    assert await shop.gateway.find_payment(placed.order.id) is None


async def test_capture_with_an_error_response_is_found_by_a_lookup(
    shop: MemoryShop, ada_token: SessionToken
) -> None:
    await _pay(shop, ada_token)
    shop.gateway.script(*[ScriptedResult.TIMEOUT_AFTER] * MAX_FAILURES)

    await shop.run_jobs()

    assert _order_state(shop) == (OrderStatus.PAID, PaymentStatus.CAPTURED)
    assert shop.jobs == []


async def test_reversal_continues_until_the_gateway_shows_the_payment(
    shop: MemoryShop, ada_token: SessionToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    placed = await _pay(shop, ada_token)
    await shop.run_jobs()
    await shop.container.cancel_orders().cancel(
        CancelOrder(session=ada_token, order_id=placed.order.id)
    )

    async def find_nothing(*_: object) -> None:
        """Look into books that are not there any more."""

    with monkeypatch.context() as patch:
        patch.setattr(shop.gateway, "find_payment", find_nothing)
        await _wait(shop)
    assert shop.jobs == ["reverse_payment"]

    shop.clock.advance(timedelta(minutes=10))
    await shop.run_jobs()
    assert shop.jobs == []
    assert (await _at_gateway(shop)).refunded == placed.order.total


async def test_failed_challenge_completed_after_a_cancellation_is_reversed(
    shop: MemoryShop, ada_token: SessionToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    placed = await _pay(shop, ada_token, "tok_authenticate")
    payment_id = (await _at_gateway(shop)).id
    await shop.container.cancel_orders().cancel(
        CancelOrder(session=ada_token, order_id=placed.order.id)
    )
    look_up = shop.gateway.find_payment

    async def look_up_while_it_pays(
        reference: UUID, known: str | None = None
    ) -> GatewayPayment | None:
        found = await look_up(reference, known)
        assert found is not None
        monkeypatch.setattr(shop.gateway, "find_payment", look_up)
        # Of another card, for all that the worker knows; the event is as fast.
        await shop.gateway.authenticate(payment_id, approved=True)
        await shop.container.complete_orders().complete(
            [
                CompleteOrder(
                    order=placed.order,
                    payment=placed.payment,
                    payment_outcome=Approved(payment_id=payment_id),
                    session=None,
                )
            ]
        )
        return replace(found, authorisation_result=Declined(reason="authentication_failed"))

    monkeypatch.setattr(shop.gateway, "find_payment", look_up_while_it_pays)
    await _wait(shop)
    await _wait(shop)

    assert (await _at_gateway(shop)).is_voided
    assert shop.jobs == []
