"""The audit reports overdue jobs and subjects without their job, and nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from shop.application.ports.repositories.audit import Fact
from shop.application.ports.repositories.jobs import Job, JobKind
from shop.domain.orders.order import OrderStatus
from shop.domain.payment import PaymentStatus
from tests.contract.audit.consistent_orders import (
    ADA,
    ORDER,
    OrderStep,
    authorised,
    findings,
    paid,
    pending,
    shipped_or_delivered,
    store_next_step,
    store_order,
    store_order_with_status,
)
from tests.contract.storage import Storage
from tests.factories import NOW, card_details, id_of, line, order, payment

pytestmark = pytest.mark.anyio

SHORT_TIME = timedelta(microseconds=1)
LEASE = timedelta(seconds=60)
EXPIRY = card_details().expires_at


def new_job(kind: JobKind = JobKind.REVERSE_PAYMENT, name: str = "anything") -> Job:
    return Job.new(kind, id_of(name), at=NOW, due_at=NOW)


async def lease(storage: Storage) -> Sequence[Job]:
    return await storage.write(lambda uow: uow.jobs.lease(list(JobKind), NOW, NOW + LEASE, 10))


async def mark_dead(storage: Storage) -> None:
    (job,) = await lease(storage)
    await storage.commit(lambda uow: uow.jobs.mark_dead(job, "GatewayRejected: captured"))


class TestJobs:
    async def test_overdue_job_is_reported(self, shop: Storage) -> None:
        await shop.commit(lambda uow: uow.jobs.add(new_job()))

        assert await findings(shop, due_before=NOW) == []
        assert await findings(shop, due_before=NOW + SHORT_TIME) == [
            (8, "job-is-overdue", overdue(attempts=0, due_at="2026-11-21 12:00:00+00:00"))
        ]

    async def test_job_with_an_expired_lease_is_reported(self, shop: Storage) -> None:
        await shop.commit(lambda uow: uow.jobs.add(new_job()))
        await lease(shop)

        assert await findings(shop, due_before=NOW + LEASE) == []
        assert await findings(shop, due_before=NOW + LEASE + SHORT_TIME) == [
            (8, "job-is-overdue", overdue(attempts=1, due_at="2026-11-21 12:01:00+00:00"))
        ]

    async def test_dead_job_is_reported(self, shop: Storage) -> None:
        await shop.commit(lambda uow: uow.jobs.add(new_job()))
        await mark_dead(shop)

        facts = {
            "job": "reverse_payment",
            "subject_id": str(id_of("anything")),
            "attempts": 1,
            "last_error": "GatewayRejected: captured",
        }
        # However late it is: it is not overdue as well.
        assert await findings(shop, due_before=NOW + 2 * LEASE) == [(8, "job-is-dead", facts)]


class TestPendingOrders:
    async def test_pending_order_past_its_expiry_is_reported(self, shop: Storage) -> None:
        await store_order(shop, pending(ORDER))

        facts = {"order_id": str(ORDER.id), "expires_at": "2026-11-21 12:15:00+00:00"}
        assert await findings(shop, due_before=EXPIRY) == []
        found, late = await findings(shop, due_before=EXPIRY + SHORT_TIME)
        assert found == (8, "pending-past-expiry", facts)
        assert late[1] == "job-is-overdue"

    async def test_pending_order_without_a_job_is_reported(self, shop: Storage) -> None:
        await store_order(
            shop, only(pending(ORDER), JobKind.CAPTURE_PAYMENT, JobKind.REVERSE_PAYMENT)
        )

        assert await findings(shop) == [missing_job("pending", "resolve_payment")]

    async def test_pending_order_with_the_job_of_another_is_reported(self, shop: Storage) -> None:
        await store_order(shop, only(pending(ORDER)))
        other = pending(order(ADA, "2", line("TEA", 1)))
        await store_order(shop, other)
        await store_order(shop, paid(order(ADA, "3", line("TEA", 1))))

        assert await findings(shop) == [missing_job("pending", "resolve_payment")]


class TestPaidOrders:
    @pytest.mark.parametrize("status", [OrderStatus.PAID, OrderStatus.SHIPPED])
    async def test_paid_order_without_a_capture_job_is_reported(
        self, shop: Storage, status: OrderStatus
    ) -> None:
        step = only(authorised(ORDER), JobKind.RESOLVE_PAYMENT)
        await store_order(shop, step)
        if status is not OrderStatus.PAID:
            await store_next_step(shop, shipped_or_delivered(step, status))

        found = [each for each in await findings(shop) if each[0] == 8]
        assert found == [missing_job(status.value, "capture_payment")]

    async def test_paid_order_with_a_capture_job_passes(self, shop: Storage) -> None:
        await store_order(shop, authorised(ORDER))

        assert await findings(shop) == []

    async def test_paid_order_with_a_dead_capture_job_passes(self, shop: Storage) -> None:
        await store_order(shop, authorised(ORDER))
        await mark_dead(shop)

        assert [rule for _, rule, _ in await findings(shop)] == ["job-is-dead"]

    async def test_captured_order_without_a_job_passes(self, shop: Storage) -> None:
        step = only(authorised(ORDER))
        taken = payment(step.order, status=PaymentStatus.CAPTURED, card=card_details())
        await store_order(shop, replace(step, payment=taken))

        assert await findings(shop) == []


class TestOtherOrders:
    @pytest.mark.parametrize(
        "status",
        [OrderStatus.DECLINED, OrderStatus.EXPIRED, OrderStatus.CANCELLED, OrderStatus.REFUNDED],
    )
    async def test_closed_order_without_a_job_passes(
        self, shop: Storage, status: OrderStatus
    ) -> None:
        await store_order_with_status(shop, status)

        assert await findings(shop, due_before=EXPIRY + SHORT_TIME) == []


def only(step: OrderStep, *kinds: JobKind) -> OrderStep:
    """Return the step with these jobs and no others."""
    return replace(step, jobs=frozenset(kinds))


def overdue(*, attempts: int, due_at: str) -> Mapping[str, Fact]:
    return {
        "job": "reverse_payment",
        "subject_id": str(id_of("anything")),
        "attempts": attempts,
        "due_at": due_at,
    }


def missing_job(status: str, job: str) -> tuple[int, str, Mapping[str, Fact]]:
    facts = {"order_id": str(ORDER.id), "status": status, "job": job}
    return (8, "order-without-job", facts)
