"""Card orders whose outcome the gateway does not report in time."""

from datetime import timedelta

import pytest

from shop.adapters.memory.payment_gateway import ScriptedResult
from shop.application.ports.payment_gateway import (
    Approved,
    AuthorisationRequest,
    AuthorisationResult,
    GatewayRejected,
)
from shop.application.ports.repositories.idempotency_keys import Rejected
from shop.application.ports.repositories.jobs import JobKind
from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.orders.order import OrderStatus
from shop.domain.payment import CardDeclined, PaymentExpired, PaymentStatus
from tests.application.checkout.card_orders import (
    A_WHILE,
    PENDING_PAYMENT_TIMEOUT,
    gateway_payment,
    let_time_pass,
    order_state,
    pay,
)
from tests.application.memory_shop import IDEMPOTENCY_SECONDS, MemoryShop
from tests.factories import NOW

pytestmark = pytest.mark.anyio


class TestAGatewayWithoutResponse:
    @pytest.mark.parametrize("card", ["tok_timeout_before", "tok_timeout_after", "tok_error"])
    async def test_leaves_the_order_pending_with_stock_reserved(
        self, shop: MemoryShop, ada_token: SessionToken, card: str
    ) -> None:
        placed = await pay(shop, ada_token, card)

        assert placed.order.status is OrderStatus.PENDING
        assert order_state(shop) == (OrderStatus.PENDING, PaymentStatus.PENDING)
        assert shop.stock_of("TEA") == (5, 2)
        assert shop.outcome("ada") is None
        assert shop.jobs == ["resolve_payment"]

    @pytest.mark.parametrize("card", ["tok_timeout_before", "tok_timeout_after", "tok_error"])
    async def test_is_resolved_by_the_worker_and_shown_in_the_session(
        self, shop: MemoryShop, ada_token: SessionToken, card: str
    ) -> None:
        placed = await pay(shop, ada_token, card)
        await let_time_pass(shop)
        await shop.run_jobs()

        assert order_state(shop) == (OrderStatus.PAID, PaymentStatus.CAPTURED)
        assert shop.stock_of("TEA") == (3, 0)
        session = await shop.session(ada_token)
        assert session is not None
        assert session.last_order_id == placed.order.id
        assert (await gateway_payment(shop)).is_captured
        again = await pay(shop, ada_token, card)
        assert (again.order.id, again.order.status) == (placed.order.id, OrderStatus.PAID)

    @pytest.mark.parametrize("card", ["tok_timeout_before", "tok_timeout_after"])
    async def test_is_resolved_by_a_repeated_request(
        self, shop: MemoryShop, ada_token: SessionToken, card: str
    ) -> None:
        placed = await pay(shop, ada_token, card)
        again = await pay(shop, ada_token, card)

        assert (again.order.id, again.order.status) == (placed.order.id, OrderStatus.PAID)
        assert shop.jobs == ["capture_payment"]
        await gateway_payment(shop)

    async def test_needs_no_worker_once_resolved(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        await pay(shop, ada_token, "tok_timeout_after")
        async with shop.container.unit_of_work() as uow:
            late = await uow.jobs.lease(
                frozenset(JobKind), NOW + A_WHILE, NOW + PENDING_PAYMENT_TIMEOUT, 1
            )
            await uow.commit()
        await pay(shop, ada_token, "tok_timeout_after")

        await shop.container.payment_jobs().resolve(late[0])

        assert order_state(shop) == (OrderStatus.PAID, PaymentStatus.AUTHORISED)
        assert shop.jobs == ["capture_payment"]

    async def test_expires_the_order_in_time(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        shop.gateway.script(*[ScriptedResult.TIMEOUT_BEFORE] * 100)
        await pay(shop, ada_token)
        await let_time_pass(shop)
        assert order_state(shop) == (OrderStatus.PENDING, PaymentStatus.PENDING)

        await let_time_pass(shop, PENDING_PAYMENT_TIMEOUT)

        assert order_state(shop) == (OrderStatus.EXPIRED, PaymentStatus.VOIDED)
        assert shop.stock_of("TEA") == (5, 0)
        assert shop.jobs == ["reverse_payment"]
        with pytest.raises(PaymentExpired):
            await pay(shop, ada_token)
        await let_time_pass(shop)
        assert shop.jobs == []

    async def test_that_has_lost_the_key_is_not_called_again(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        shop.gateway.script(ScriptedResult.TIMEOUT_AFTER)
        await pay(shop, ada_token)
        shop.clock.advance(timedelta(seconds=IDEMPOTENCY_SECONDS))

        again = await pay(shop, ada_token)

        assert again.order.status is OrderStatus.PAID
        assert shop.gateway.calls.total() == 1

    async def test_that_has_voided_the_payment_closes_the_order(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        await pay(shop, ada_token, "tok_timeout_after")
        await shop.gateway.void(key="by hand", payment_id=(await gateway_payment(shop)).id)

        await let_time_pass(shop)

        assert order_state(shop) == (OrderStatus.DECLINED, PaymentStatus.DECLINED)
        assert shop.stock_of("TEA") == (5, 0)
        assert shop.outcome("ada") == Rejected(error=CardDeclined(reason="voided"))
        assert shop.jobs == []

    async def test_leaves_a_challenged_order_pending(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        placed = await pay(shop, ada_token, "tok_authenticate")
        assert placed.order.status is OrderStatus.PENDING
        await shop.gateway.authenticate((await gateway_payment(shop)).id, approved=True)

        await let_time_pass(shop)

        assert order_state(shop)[0] is OrderStatus.PAID

    async def test_returns_a_completed_challenge_to_a_repeated_request(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        await pay(shop, ada_token, "tok_authenticate")
        await shop.gateway.authenticate((await gateway_payment(shop)).id, approved=True)

        assert (await pay(shop, ada_token, "tok_authenticate")).order.status is OrderStatus.PAID

    async def test_expires_an_uncompleted_challenge_with_its_order(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        await pay(shop, ada_token, "tok_authenticate")
        await let_time_pass(shop, PENDING_PAYMENT_TIMEOUT)
        await let_time_pass(shop)

        assert order_state(shop) == (OrderStatus.EXPIRED, PaymentStatus.VOIDED)
        assert (await gateway_payment(shop)).is_voided


class TestALateApproval:
    async def test_is_reversed(
        self, shop: MemoryShop, ada_token: SessionToken, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        authorise = shop.gateway.authorise

        async def slowly(request: AuthorisationRequest) -> AuthorisationResult:
            await let_time_pass(shop, PENDING_PAYMENT_TIMEOUT)
            await let_time_pass(shop)
            return await authorise(request)

        monkeypatch.setattr(shop.gateway, "authorise", slowly)
        with pytest.raises(PaymentExpired):
            await pay(shop, ada_token)

        assert order_state(shop) == (OrderStatus.EXPIRED, PaymentStatus.VOIDED)
        await let_time_pass(shop)
        payment = await gateway_payment(shop)
        assert (isinstance(payment.authorisation_result, Approved), payment.is_voided) == (
            True,
            True,
        )
        assert shop.stock_of("TEA") == (5, 0)
        assert shop.jobs == []


async def test_key_reused_with_other_details_does_not_decline_a_paid_order(
    shop: MemoryShop, ada_token: SessionToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    await pay(shop, ada_token, "tok_timeout_after")

    async def reject(request: AuthorisationRequest) -> AuthorisationResult:
        raise GatewayRejected(f"{request.key} was used in other words")

    monkeypatch.setattr(shop.gateway, "authorise", reject)
    placed = await pay(shop, ada_token, "tok_timeout_after")

    assert placed.order.status is OrderStatus.PAID
    assert order_state(shop) == (OrderStatus.PAID, PaymentStatus.AUTHORISED)
