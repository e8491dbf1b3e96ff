"""The outbox, whatever keeps it."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from shop.application.ports.paging import PageRequest
from shop.application.ports.repositories.jobs import Job, JobKind
from tests.contract.stores import Stores
from tests.factories import NOW, an_id

pytestmark = pytest.mark.anyio

EVERY = frozenset(JobKind)
LEASE = timedelta(seconds=60)
LATER = NOW + timedelta(seconds=10)


def a_job(name: str = "1", kind: JobKind = JobKind.CAPTURE_PAYMENT, due_in: int = 0) -> Job:
    due_at = NOW + timedelta(seconds=due_in)
    return Job.new(kind, an_id(f"subject {name}"), at=NOW, due_at=due_at)


def leased(job: Job, attempts: int = 1) -> Job:
    return replace(job, due_at=NOW + LEASE, attempts=attempts)


async def lease(stores: Stores, limit: int = 10) -> Sequence[Job]:
    return await stores.change(lambda uow: uow.jobs.lease(EVERY, NOW, NOW + LEASE, limit))


async def living(stores: Stores) -> Sequence[Job]:
    page = await stores.see(
        lambda uow: uow.jobs.search(PageRequest(limit=10, after=None), dead=False)
    )
    return page.items


async def dead(stores: Stores) -> Sequence[Job]:
    page = await stores.see(
        lambda uow: uow.jobs.search(PageRequest(limit=10, after=None), dead=True)
    )
    return page.items


async def test_a_job_is_leased_once_until_its_lease_ends(stores: Stores) -> None:
    await stores.commit(lambda uow: uow.jobs.add(a_job()))
    assert await lease(stores) == [leased(a_job())]
    assert await lease(stores) == []
    end = NOW + LEASE
    again = await stores.change(lambda uow: uow.jobs.lease(EVERY, end, end + LEASE, 10))
    assert again == [replace(a_job(), due_at=end + LEASE, attempts=2)]


async def test_a_job_is_not_leased_before_it_is_due(stores: Stores) -> None:
    await stores.commit(lambda uow: uow.jobs.add(a_job(due_in=1)))
    assert await lease(stores) == []
    assert await living(stores) == [a_job(due_in=1)]


async def test_the_longest_due_are_leased_first(stores: Stores) -> None:
    await stores.commit(
        lambda uow: uow.jobs.add(a_job("new", due_in=-1)),
        lambda uow: uow.jobs.add(a_job("old", due_in=-3)),
        lambda uow: uow.jobs.add(a_job("middle", due_in=-2)),
    )
    assert {job.id for job in await lease(stores, limit=2)} == {
        a_job("old").id,
        a_job("middle").id,
    }


async def test_jobs_of_other_kinds_are_left_alone(stores: Stores) -> None:
    other = a_job("2", JobKind.SEND_WEBHOOK, due_in=-5)
    await stores.commit(lambda uow: uow.jobs.add(a_job()), lambda uow: uow.jobs.add(other))
    kinds = [JobKind.CAPTURE_PAYMENT, JobKind.REVERSE_PAYMENT]
    assert await stores.see(lambda uow: uow.jobs.next_due(kinds)) == NOW
    taken = await stores.change(lambda uow: uow.jobs.lease(kinds, NOW, NOW + LEASE, 10))
    assert taken == [leased(a_job())]
    assert await stores.see(lambda uow: uow.jobs.next_due([JobKind.REVERSE_PAYMENT])) is None
    assert other in await living(stores)


async def test_a_lease_that_is_not_committed_is_none(stores: Stores) -> None:
    await stores.commit(lambda uow: uow.jobs.add(a_job()))
    async with stores.unit_of_work() as uow:
        assert await uow.jobs.lease(EVERY, NOW, NOW + LEASE, 10) == [leased(a_job())]
    assert await living(stores) == [a_job()]


async def test_two_workers_never_lease_the_same(stores: Stores) -> None:
    jobs = [a_job(str(number)) for number in range(40)]
    await stores.commit(*(lambda uow, job=job: uow.jobs.add(job) for job in jobs))
    batches = await asyncio.gather(*(lease(stores, limit=15) for _ in range(4)))
    taken = [job.id for batch in batches for job in batch]
    assert len(taken) == len(set(taken))
    assert set(taken) <= {job.id for job in jobs}


async def test_there_is_one_job_of_a_kind_for_a_subject(stores: Stores) -> None:
    await stores.commit(lambda uow: uow.jobs.add(a_job(due_in=5)))
    await stores.commit(
        lambda uow: uow.jobs.add(a_job(due_in=0)),
        lambda uow: uow.jobs.add(a_job(kind=JobKind.REVERSE_PAYMENT)),
    )
    found = {job.id.kind: job for job in await living(stores)}
    assert found == {
        JobKind.CAPTURE_PAYMENT: a_job(due_in=5),
        JobKind.REVERSE_PAYMENT: a_job(kind=JobKind.REVERSE_PAYMENT),
    }


async def test_a_finished_job_is_gone_and_may_be_finished_again(stores: Stores) -> None:
    await stores.commit(lambda uow: uow.jobs.add(a_job()))
    await lease(stores)
    for _ in range(2):
        await stores.commit(lambda uow: uow.jobs.remove(a_job().id))
        assert await living(stores) == []


async def test_to_finish_one_job_leaves_the_others(stores: Stores) -> None:
    other = a_job(kind=JobKind.REVERSE_PAYMENT)
    await stores.commit(
        lambda uow: uow.jobs.add(a_job()),
        lambda uow: uow.jobs.add(other),
        lambda uow: uow.jobs.add(a_job("2")),
    )
    await stores.commit(lambda uow: uow.jobs.remove(a_job().id))
    assert {job.id for job in await living(stores)} == {other.id, a_job("2").id}


async def test_a_job_that_is_finished_and_staged_anew_is_there(stores: Stores) -> None:
    await stores.commit(lambda uow: uow.jobs.add(a_job(kind=JobKind.RESOLVE_PAYMENT)))
    await stores.commit(
        lambda uow: uow.jobs.remove(a_job(kind=JobKind.RESOLVE_PAYMENT).id),
        lambda uow: uow.jobs.add(a_job()),
    )
    assert await living(stores) == [a_job()]


async def test_a_postponed_job_is_due_later_and_remembers_why(stores: Stores) -> None:
    await stores.commit(lambda uow: uow.jobs.add(a_job()))
    (job,) = await lease(stores)
    await stores.commit(lambda uow: uow.jobs.reschedule(job, LATER, "no answer"))
    assert await living(stores) == [replace(job, due_at=LATER, last_error="no answer")]
    assert await stores.see(lambda uow: uow.jobs.next_due(EVERY)) == LATER


async def test_a_buried_job_is_dead_and_never_leased(stores: Stores) -> None:
    await stores.commit(lambda uow: uow.jobs.add(a_job()))
    (job,) = await lease(stores)
    await stores.commit(lambda uow: uow.jobs.mark_dead(job, "refused"))
    assert await dead(stores) == [replace(job, is_dead=True, last_error="refused")]
    assert await living(stores) == []
    late = NOW + 2 * LEASE
    assert await stores.change(lambda uow: uow.jobs.lease(EVERY, late, late + LEASE, 10)) == []
    assert await stores.see(lambda uow: uow.jobs.next_due(EVERY)) is None


async def test_who_has_lost_a_lease_changes_nothing(stores: Stores) -> None:
    await stores.commit(lambda uow: uow.jobs.add(a_job()))
    (lost,) = await lease(stores)
    end = NOW + LEASE
    (held,) = await stores.change(lambda uow: uow.jobs.lease(EVERY, end, end + LEASE, 10))
    await stores.commit(lambda uow: uow.jobs.reschedule(lost, LATER, "late"))
    assert await living(stores) == [held]
    await stores.commit(lambda uow: uow.jobs.mark_dead(lost, "late"))
    assert await living(stores) == [held]
    assert await dead(stores) == []


async def test_dead_jobs_are_revived_and_no_others(stores: Stores) -> None:
    await stores.commit(
        lambda uow: uow.jobs.add(a_job()), lambda uow: uow.jobs.add(a_job("2", due_in=5))
    )
    (job,) = await lease(stores)
    await stores.commit(lambda uow: uow.jobs.mark_dead(job, "refused"))
    chosen = [a_job().id, a_job("2").id, a_job("nobody's").id]
    assert await stores.change(lambda uow: uow.jobs.retry(chosen, LATER)) == 1
    assert await dead(stores) == []
    found = {each.id: each for each in await living(stores)}
    assert found == {
        a_job().id: replace(job, due_at=LATER, attempts=0, last_error="refused"),
        a_job("2").id: a_job("2", due_in=5),
    }


async def test_a_subject_has_the_jobs_that_were_added_for_it(stores: Stores) -> None:
    mine, another = a_job(), a_job(kind=JobKind.REVERSE_PAYMENT)
    jobs = (mine, another, a_job("2"))
    await stores.commit(*(lambda uow, job=job: uow.jobs.add(job) for job in jobs))
    (job,) = [each for each in await lease(stores) if each.id == mine.id]
    await stores.commit(lambda uow: uow.jobs.mark_dead(job, "refused"))

    subjects = [mine.id.subject_id, an_id("nobody")]
    found = await stores.see(lambda uow: uow.jobs.for_subjects(subjects))

    assert found.keys() == {mine.id.subject_id}
    assert {each.id: each.is_dead for each in found[mine.id.subject_id]} == {
        mine.id: True,
        another.id: False,
    }


async def test_nothing_is_due_where_there_is_nothing(stores: Stores) -> None:
    assert await stores.see(lambda uow: uow.jobs.next_due(EVERY)) is None


async def test_an_undo_that_is_there_is_done_anew_whoever_is_at_it(stores: Stores) -> None:
    first = a_job(kind=JobKind.REVERSE_PAYMENT)
    await stores.commit(lambda uow: uow.jobs.add(first))
    (taken,) = await lease(stores)
    await stores.commit(lambda uow: uow.jobs.add(replace(first, due_at=LATER)))

    await stores.commit(lambda uow: uow.jobs.complete(taken))

    assert await living(stores) == [replace(first, due_at=LATER, attempts=2)]
    (again,) = await stores.change(lambda uow: uow.jobs.lease(EVERY, LATER, LATER + LEASE, 10))
    await stores.commit(lambda uow: uow.jobs.complete(again))
    assert await living(stores) == []


async def test_a_dead_undo_that_is_added_again_lives(stores: Stores) -> None:
    await stores.commit(lambda uow: uow.jobs.add(a_job(kind=JobKind.REVERSE_PAYMENT)))
    (taken,) = await lease(stores)
    await stores.commit(lambda uow: uow.jobs.mark_dead(taken, "GatewayOutcomeUnknown: no answer"))

    await stores.commit(lambda uow: uow.jobs.add(a_job(kind=JobKind.REVERSE_PAYMENT)))

    (job,) = await living(stores)
    assert (job.due_at, job.failures) == (NOW, 0)


async def test_failures_are_kept_and_forgotten_with_a_new_life(stores: Stores) -> None:
    await stores.commit(lambda uow: uow.jobs.add(a_job()))
    (taken,) = await lease(stores)
    failed = replace(taken, failures=7)
    await stores.commit(lambda uow: uow.jobs.reschedule(failed, LATER, "no answer"))
    assert await living(stores) == [replace(failed, due_at=LATER, last_error="no answer")]
    await stores.commit(lambda uow: uow.jobs.mark_dead(failed, "no answer"))

    await stores.change(lambda uow: uow.jobs.retry([taken.id], LATER))

    assert await living(stores) == [replace(a_job(), due_at=LATER, last_error="no answer")]
