"""A gateway event is stored and answered at once; its job completes the order, once."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from shop.adapters.memory.payment_gateway import ScriptedResult
from shop.application.checkout.placed_order import PlacedOrder
from shop.application.ports.payment_gateway import (
    AuthorisationRequest,
    AuthorisationResult,
    GatewayOutcomeUnknown,
    InvalidGatewayEvent,
)
from shop.application.ports.repositories.jobs import JobKind
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import CommitOutcomeUnknown, DatabaseUnavailable
from shop.domain.orders.order import OrderStatus
from shop.domain.payment import PaymentStatus
from tests.application.checkout.event_shop import (
    CAPTURE,
    HANDLE,
    LEASE,
    RESOLVE,
    RETRY_DELAY,
    deliver,
    lease,
    order_state,
    pay,
    receive,
)
from tests.application.memory_shop import MemoryShop, place_order
from tests.factories import id_of
from tests.timeouts import TEST_TIMEOUT_SECONDS

pytestmark = pytest.mark.anyio

A_WHILE = timedelta(seconds=30)


class TestTheWebhook:
    async def test_stores_the_event_and_a_due_job_in_one_unit_of_work_and_nothing_else(
        self, shop: MemoryShop, pending: PlacedOrder
    ) -> None:
        before, begun = shop.state, shop.faults.begun

        await receive(shop, pending.order.id)

        assert shop.faults.begun == begun + 1
        assert list(shop.state.gateway_events.rows) == ["evt_1"]
        assert shop.jobs == [HANDLE, RESOLVE]
        (job,) = [each for each in shop.state.jobs.rows.values() if each.id.kind == HANDLE]
        assert job.due_at == shop.clock.now()
        assert before == replace(shop.state, gateway_events=before.gateway_events, jobs=before.jobs)

    async def test_answers_although_the_gateway_is_silent(
        self, shop: MemoryShop, pending: PlacedOrder, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def hang(*_: object) -> None:
            await asyncio.Event().wait()

        monkeypatch.setattr(shop.gateway, "find_payment", hang)
        async with asyncio.timeout(TEST_TIMEOUT_SECONDS):
            await receive(shop, pending.order.id)
        assert shop.jobs == [HANDLE, RESOLVE]
        monkeypatch.undo()

    async def test_stores_a_repeated_event_once(
        self, shop: MemoryShop, pending: PlacedOrder
    ) -> None:
        await asyncio.gather(*(receive(shop, pending.order.id) for _ in range(3)))
        assert list(shop.state.gateway_events.rows) == ["evt_1"]
        assert shop.jobs == [HANDLE, RESOLVE]

    async def test_rejects_what_the_gateway_has_not_signed(
        self, shop: MemoryShop, pending: PlacedOrder
    ) -> None:
        del pending
        before = shop.state
        with pytest.raises(InvalidGatewayEvent):
            await shop.container.handle_gateway_events().receive(b"{}", {"signature": "mallory"})
        assert shop.state == before

    async def test_does_not_answer_before_the_commit(
        self, shop: MemoryShop, pending: PlacedOrder
    ) -> None:
        before = shop.state
        shop.faults.plan(("commit", DatabaseUnavailable("no disk")))
        with pytest.raises(DatabaseUnavailable):
            await receive(shop, pending.order.id)
        assert shop.state == before

        await deliver(shop, pending.order.id)
        assert order_state(shop) == (OrderStatus.PAID, PaymentStatus.AUTHORISED)

    async def test_stores_an_event_once_if_the_commit_is_not_acknowledged(
        self, shop: MemoryShop, pending: PlacedOrder
    ) -> None:
        shop.faults.plan(("committed", CommitOutcomeUnknown("the connection broke")))

        await receive(shop, pending.order.id)

        assert list(shop.state.gateway_events.rows) == ["evt_1"]
        assert shop.jobs == [HANDLE, RESOLVE]


class TestAnEventOfAnOrder:
    async def test_completes_it_if_it_is_pending(
        self, shop: MemoryShop, pending: PlacedOrder, ada_token: SessionToken
    ) -> None:
        await deliver(shop, pending.order.id)

        assert order_state(shop) == (OrderStatus.PAID, PaymentStatus.AUTHORISED)
        assert list(shop.state.gateway_events.rows) == ["evt_1"]
        assert shop.jobs == [CAPTURE]
        session = await shop.session(ada_token)
        assert session is not None
        assert session.last_order_id == pending.order.id

    async def test_completes_it_before_the_request_does_whose_answer_is_no_replay(
        self, shop: MemoryShop, ada_token: SessionToken, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        authorise = shop.gateway.authorise

        async def authorise_late(request: AuthorisationRequest) -> AuthorisationResult:
            result = await authorise(request)
            await deliver(shop, request.reference)
            return result

        monkeypatch.setattr(shop.gateway, "authorise", authorise_late)
        command = place_order(ada_token, ("TEA", 2), card="tok_visa")
        first = await shop.container.checkout().place(command)
        again = await shop.container.checkout().place(command)

        assert order_state(shop) == (OrderStatus.PAID, PaymentStatus.AUTHORISED)
        assert first.unwrap().order.status is OrderStatus.PAID
        assert (first.replayed, again.replayed) == (False, True)
        assert again.unwrap() == first.unwrap()

    async def test_declines_it_if_the_card_was_declined(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        shop.gateway.script(ScriptedResult.TIMEOUT_AFTER)
        placed = await pay(shop, ada_token, "tok_declined")

        await deliver(shop, placed.order.id)

        assert order_state(shop) == (OrderStatus.DECLINED, PaymentStatus.DECLINED)
        assert shop.stock_of("TEA") == (5, 0)
        assert shop.jobs == []

    async def test_leaves_it_pending_while_the_card_is_undecided(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        placed = await pay(shop, ada_token, "tok_authenticate")

        await deliver(shop, placed.order.id)

        assert order_state(shop) == (OrderStatus.PENDING, PaymentStatus.PENDING)
        assert shop.jobs == [RESOLVE]

    async def test_changes_nothing_when_it_is_repeated(
        self, shop: MemoryShop, pending: PlacedOrder
    ) -> None:
        await deliver(shop, pending.order.id)
        before = shop.state
        for later in (timedelta(0), timedelta(days=1)):
            shop.clock.advance(later)
            await receive(shop, pending.order.id)
            assert shop.state == before
        await shop.run_jobs()

    async def test_changes_nothing_when_it_is_repeated_while_its_job_is_leased(
        self, shop: MemoryShop, pending: PlacedOrder
    ) -> None:
        await receive(shop, pending.order.id)
        job = await lease(shop, JobKind.HANDLE_GATEWAY_EVENT)
        before = shop.state

        await receive(shop, pending.order.id)

        assert shop.state == before
        await shop.container.handle_gateway_events().handle(job)
        assert order_state(shop) == (OrderStatus.PAID, PaymentStatus.AUTHORISED)
        assert shop.jobs == [CAPTURE]

    async def test_completes_it_once_in_whatever_order_events_come(
        self, shop: MemoryShop, pending: PlacedOrder
    ) -> None:
        for event in ("evt_3", "evt_1", "evt_2", "evt_3"):
            await receive(shop, pending.order.id, event)
        assert shop.jobs == [HANDLE] * 3 + [RESOLVE]

        await shop.run_jobs()

        assert order_state(shop) == (OrderStatus.PAID, PaymentStatus.AUTHORISED)
        assert shop.jobs == [CAPTURE]
        assert shop.stock_of("TEA") == (3, 0)

    async def test_completes_it_while_another_worker_has_leased_its_job(
        self, shop: MemoryShop, pending: PlacedOrder
    ) -> None:
        shop.clock.advance(A_WHILE)
        stalled = await lease(shop, JobKind.RESOLVE_PAYMENT)

        await deliver(shop, pending.order.id)

        assert order_state(shop) == (OrderStatus.PAID, PaymentStatus.AUTHORISED)
        assert shop.jobs == [CAPTURE]
        before = shop.state
        await shop.container.payment_jobs().resolve(stalled)
        assert shop.state == before

    async def test_is_handled_by_another_worker_if_the_first_one_dies(
        self, shop: MemoryShop, pending: PlacedOrder
    ) -> None:
        await receive(shop, pending.order.id)
        await lease(shop, JobKind.HANDLE_GATEWAY_EVENT)
        assert await shop.run_jobs() == 0

        shop.clock.advance(LEASE)
        await shop.run_jobs()

        assert order_state(shop) == (OrderStatus.PAID, PaymentStatus.AUTHORISED)
        assert shop.jobs == [CAPTURE]

    async def test_is_handled_once_the_gateway_can_be_read_again(
        self, shop: MemoryShop, pending: PlacedOrder, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def fail(reference: object, _: object = None) -> None:
            raise GatewayOutcomeUnknown(f"no records for {reference}")

        with monkeypatch.context() as patch:
            patch.setattr(shop.gateway, "find_payment", fail)
            await deliver(shop, pending.order.id)
        assert order_state(shop) == (OrderStatus.PENDING, PaymentStatus.PENDING)
        assert shop.jobs == [HANDLE, RESOLVE]

        shop.clock.advance(RETRY_DELAY)
        await shop.run_jobs()
        assert order_state(shop) == (OrderStatus.PAID, PaymentStatus.AUTHORISED)

    async def test_looks_up_the_payment_that_it_names(
        self, shop: MemoryShop, pending: PlacedOrder, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        looked_up: list[tuple[UUID, str | None]] = []
        find_payment = shop.gateway.find_payment

        async def record(reference: UUID, payment_id: str | None = None) -> object:
            looked_up.append((reference, payment_id))
            return await find_payment(reference, payment_id)

        monkeypatch.setattr(shop.gateway, "find_payment", record)
        await deliver(shop, pending.order.id)

        assert looked_up == [(pending.order.id, "pay_1")]

    async def test_changes_nothing_if_the_payment_is_of_another_order(
        self, shop: MemoryShop, pending: PlacedOrder, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        payment = await shop.gateway.find_payment(pending.order.id)
        assert payment is not None

        async def find_another(*_: object) -> object:
            return replace(payment, reference=id_of("another order"))

        with monkeypatch.context() as patch:
            patch.setattr(shop.gateway, "find_payment", find_another)
            await deliver(shop, pending.order.id)

        assert order_state(shop) == (OrderStatus.PENDING, PaymentStatus.PENDING)
        assert shop.jobs == [RESOLVE]
