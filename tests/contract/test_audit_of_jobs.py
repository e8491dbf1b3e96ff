"""The audit finds what nobody sees to, and nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from shop.application.ports.repositories.audit import Fact
from shop.application.ports.repositories.jobs import Job, JobKind
from shop.domain.orders.order import OrderStatus
from shop.domain.payment import PaymentStatus
from tests.contract.books import (
    ADA,
    ORDER,
    Step,
    authorised,
    bought,
    bring,
    fill,
    findings,
    follow,
    pending,
    place,
    sent,
)
from tests.contract.stores import Stores
from tests.factories import NOW, an_id, card_charge, line, order, payment

pytestmark = pytest.mark.anyio

A_MOMENT = timedelta(microseconds=1)
LEASE = timedelta(seconds=60)
EXPIRY = card_charge().expires_at


@pytest.fixture
async def shop(stores: Stores) -> Stores:
    return await fill(stores)


def a_job(kind: JobKind = JobKind.REVERSE_PAYMENT, name: str = "anything") -> Job:
    return Job.new(kind, an_id(name), at=NOW, due_at=NOW)


async def lease(stores: Stores) -> Sequence[Job]:
    return await stores.change(lambda uow: uow.jobs.lease(list(JobKind), NOW, NOW + LEASE, 10))


async def give_up(stores: Stores) -> None:
    (job,) = await lease(stores)
    await stores.commit(lambda uow: uow.jobs.mark_dead(job, "GatewayRejected: captured"))


class TestJobs:
    async def test_a_job_that_nobody_does(self, shop: Stores) -> None:
        await shop.commit(lambda uow: uow.jobs.add(a_job()))

        assert await findings(shop, due_before=NOW) == []
        assert await findings(shop, due_before=NOW + A_MOMENT) == [
            (8, "job-is-overdue", overdue(attempts=0, due_at="2026-11-21 12:00:00+00:00"))
        ]

    async def test_a_job_whose_worker_is_gone(self, shop: Stores) -> None:
        await shop.commit(lambda uow: uow.jobs.add(a_job()))
        await lease(shop)

        assert await findings(shop, due_before=NOW + LEASE) == []
        assert await findings(shop, due_before=NOW + LEASE + A_MOMENT) == [
            (8, "job-is-overdue", overdue(attempts=1, due_at="2026-11-21 12:01:00+00:00"))
        ]

    async def test_a_job_that_was_given_up(self, shop: Stores) -> None:
        await shop.commit(lambda uow: uow.jobs.add(a_job()))
        await give_up(shop)

        facts = {
            "job": "reverse_payment",
            "subject_id": str(an_id("anything")),
            "attempts": 1,
            "last_error": "GatewayRejected: captured",
        }
        # However late it is: it is not overdue as well.
        assert await findings(shop, due_before=NOW + 2 * LEASE) == [(8, "job-is-dead", facts)]


class TestPendingOrders:
    async def test_one_that_waits_past_its_expiry(self, shop: Stores) -> None:
        await place(shop, pending(ORDER))

        facts = {"order_id": str(ORDER.id), "expires_at": "2026-11-21 12:15:00+00:00"}
        assert await findings(shop, due_before=EXPIRY) == []
        found, late = await findings(shop, due_before=EXPIRY + A_MOMENT)
        assert found == (8, "pending-past-expiry", facts)
        assert late[1] == "job-is-overdue"

    async def test_one_that_nobody_will_resolve(self, shop: Stores) -> None:
        await place(shop, only(pending(ORDER), JobKind.CAPTURE_PAYMENT, JobKind.REVERSE_PAYMENT))

        assert await findings(shop) == [lacks("pending", "resolve_payment")]

    async def test_one_that_is_resolved_by_anothers_job(self, shop: Stores) -> None:
        await place(shop, only(pending(ORDER)))
        other = pending(order(ADA, "2", line("TEA", 1)))
        await place(shop, other)
        await place(shop, bought(order(ADA, "3", line("TEA", 1))))

        assert await findings(shop) == [lacks("pending", "resolve_payment")]


class TestPaidOrders:
    @pytest.mark.parametrize("status", [OrderStatus.PAID, OrderStatus.SHIPPED])
    async def test_one_whose_money_nobody_will_take(
        self, shop: Stores, status: OrderStatus
    ) -> None:
        step = only(authorised(ORDER), JobKind.RESOLVE_PAYMENT)
        await place(shop, step)
        if status is not OrderStatus.PAID:
            await follow(shop, sent(step, status))

        found = [each for each in await findings(shop) if each[0] == 8]
        assert found == [lacks(status.value, "capture_payment")]

    async def test_one_whose_money_is_still_to_be_taken_is_sound(self, shop: Stores) -> None:
        await place(shop, authorised(ORDER))

        assert await findings(shop) == []

    async def test_one_whose_capture_was_given_up_has_its_job(self, shop: Stores) -> None:
        await place(shop, authorised(ORDER))
        await give_up(shop)

        assert [rule for _, rule, _ in await findings(shop)] == ["job-is-dead"]

    async def test_one_whose_money_is_taken_needs_no_job(self, shop: Stores) -> None:
        step = only(authorised(ORDER))
        taken = payment(step.order, status=PaymentStatus.CAPTURED, card=card_charge())
        await place(shop, replace(step, payment=taken))

        assert await findings(shop) == []


class TestOthers:
    @pytest.mark.parametrize(
        "status",
        [OrderStatus.DECLINED, OrderStatus.EXPIRED, OrderStatus.CANCELLED, OrderStatus.REFUNDED],
    )
    async def test_one_that_came_to_nothing_needs_no_job(
        self, shop: Stores, status: OrderStatus
    ) -> None:
        await bring(shop, status)

        assert await findings(shop, due_before=EXPIRY + A_MOMENT) == []


def only(step: Step, *kinds: JobKind) -> Step:
    """Return the step with these jobs and no others."""
    return replace(step, jobs=frozenset(kinds))


def overdue(*, attempts: int, due_at: str) -> Mapping[str, Fact]:
    return {
        "job": "reverse_payment",
        "subject_id": str(an_id("anything")),
        "attempts": attempts,
        "due_at": due_at,
    }


def lacks(status: str, job: str) -> tuple[int, str, Mapping[str, Fact]]:
    facts = {"order_id": str(ORDER.id), "status": status, "job": job}
    return (8, "order-without-its-job", facts)
