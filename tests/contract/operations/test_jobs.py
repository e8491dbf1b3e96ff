"""What every adapter owes the port to jobs."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from shop.application.ports.paging import PageRequest
from shop.application.ports.repositories.jobs import Job, JobKind
from tests.contract.storage import Storage
from tests.factories import NOW, id_of

pytestmark = pytest.mark.anyio

EVERY = frozenset(JobKind)
LEASE = timedelta(seconds=60)
LATER = NOW + timedelta(seconds=10)


def new_job(name: str = "1", kind: JobKind = JobKind.CAPTURE_PAYMENT, due_in: int = 0) -> Job:
    due_at = NOW + timedelta(seconds=due_in)
    return Job.new(kind, id_of(f"subject {name}"), at=NOW, due_at=due_at)


def leased(job: Job, attempts: int = 1) -> Job:
    return replace(job, due_at=NOW + LEASE, attempts=attempts)


async def lease(storage: Storage, limit: int = 10) -> Sequence[Job]:
    return await storage.write(lambda uow: uow.jobs.lease(EVERY, NOW, NOW + LEASE, limit))


async def live(storage: Storage) -> Sequence[Job]:
    page = await storage.read(
        lambda uow: uow.jobs.search(PageRequest(limit=10, after=None), dead=False)
    )
    return page.items


async def dead(storage: Storage) -> Sequence[Job]:
    page = await storage.read(
        lambda uow: uow.jobs.search(PageRequest(limit=10, after=None), dead=True)
    )
    return page.items


async def test_job_is_leased_once_until_its_lease_ends(storage: Storage) -> None:
    await storage.commit(lambda uow: uow.jobs.add(new_job()))
    assert await lease(storage) == [leased(new_job())]
    assert await lease(storage) == []
    end = NOW + LEASE
    again = await storage.write(lambda uow: uow.jobs.lease(EVERY, end, end + LEASE, 10))
    assert again == [replace(new_job(), due_at=end + LEASE, attempts=2)]


async def test_job_is_not_leased_before_it_is_due(storage: Storage) -> None:
    await storage.commit(lambda uow: uow.jobs.add(new_job(due_in=1)))
    assert await lease(storage) == []
    assert await live(storage) == [new_job(due_in=1)]


async def test_longest_due_jobs_are_leased_first(storage: Storage) -> None:
    await storage.commit(
        lambda uow: uow.jobs.add(new_job("new", due_in=-1)),
        lambda uow: uow.jobs.add(new_job("old", due_in=-3)),
        lambda uow: uow.jobs.add(new_job("middle", due_in=-2)),
    )
    assert {job.id for job in await lease(storage, limit=2)} == {
        new_job("old").id,
        new_job("middle").id,
    }


async def test_jobs_of_other_kinds_are_not_leased(storage: Storage) -> None:
    other = new_job("2", JobKind.SEND_WEBHOOK, due_in=-5)
    await storage.commit(lambda uow: uow.jobs.add(new_job()), lambda uow: uow.jobs.add(other))
    kinds = [JobKind.CAPTURE_PAYMENT, JobKind.REVERSE_PAYMENT]
    assert await storage.read(lambda uow: uow.jobs.next_due(kinds)) == NOW
    taken = await storage.write(lambda uow: uow.jobs.lease(kinds, NOW, NOW + LEASE, 10))
    assert taken == [leased(new_job())]
    assert await storage.read(lambda uow: uow.jobs.next_due([JobKind.REVERSE_PAYMENT])) is None
    assert other in await live(storage)


async def test_uncommitted_lease_has_no_effect(storage: Storage) -> None:
    await storage.commit(lambda uow: uow.jobs.add(new_job()))
    async with storage.unit_of_work() as uow:
        assert await uow.jobs.lease(EVERY, NOW, NOW + LEASE, 10) == [leased(new_job())]
    assert await live(storage) == [new_job()]


async def test_two_workers_never_lease_the_same_job(storage: Storage) -> None:
    jobs = [new_job(str(number)) for number in range(40)]
    await storage.commit(*(lambda uow, job=job: uow.jobs.add(job) for job in jobs))
    batches = await asyncio.gather(*(lease(storage, limit=15) for _ in range(4)))
    taken = [job.id for batch in batches for job in batch]
    assert len(taken) == len(set(taken))
    assert set(taken) <= {job.id for job in jobs}


async def test_subject_has_one_job_of_each_kind(storage: Storage) -> None:
    await storage.commit(lambda uow: uow.jobs.add(new_job(due_in=5)))
    await storage.commit(
        lambda uow: uow.jobs.add(new_job(due_in=0)),
        lambda uow: uow.jobs.add(new_job(kind=JobKind.REVERSE_PAYMENT)),
    )
    found = {job.id.kind: job for job in await live(storage)}
    assert found == {
        JobKind.CAPTURE_PAYMENT: new_job(due_in=5),
        JobKind.REVERSE_PAYMENT: new_job(kind=JobKind.REVERSE_PAYMENT),
    }


async def test_removed_job_can_be_removed_again(storage: Storage) -> None:
    await storage.commit(lambda uow: uow.jobs.add(new_job()))
    await lease(storage)
    for _ in range(2):
        await storage.commit(lambda uow: uow.jobs.remove(new_job().id))
        assert await live(storage) == []


async def test_removing_a_job_keeps_the_others(storage: Storage) -> None:
    other = new_job(kind=JobKind.REVERSE_PAYMENT)
    await storage.commit(
        lambda uow: uow.jobs.add(new_job()),
        lambda uow: uow.jobs.add(other),
        lambda uow: uow.jobs.add(new_job("2")),
    )
    await storage.commit(lambda uow: uow.jobs.remove(new_job().id))
    assert {job.id for job in await live(storage)} == {other.id, new_job("2").id}


async def test_job_that_is_removed_and_added_again_is_stored(storage: Storage) -> None:
    await storage.commit(lambda uow: uow.jobs.add(new_job(kind=JobKind.RESOLVE_PAYMENT)))
    await storage.commit(
        lambda uow: uow.jobs.remove(new_job(kind=JobKind.RESOLVE_PAYMENT).id),
        lambda uow: uow.jobs.add(new_job()),
    )
    assert await live(storage) == [new_job()]


async def test_rescheduled_job_is_due_later_and_keeps_its_error(storage: Storage) -> None:
    await storage.commit(lambda uow: uow.jobs.add(new_job()))
    (job,) = await lease(storage)
    await storage.commit(lambda uow: uow.jobs.reschedule(job, LATER, "no answer"))
    assert await live(storage) == [replace(job, due_at=LATER, last_error="no answer")]
    assert await storage.read(lambda uow: uow.jobs.next_due(EVERY)) == LATER


async def test_dead_job_is_never_leased(storage: Storage) -> None:
    await storage.commit(lambda uow: uow.jobs.add(new_job()))
    (job,) = await lease(storage)
    await storage.commit(lambda uow: uow.jobs.mark_dead(job, "refused"))
    assert await dead(storage) == [replace(job, is_dead=True, last_error="refused")]
    assert await live(storage) == []
    late = NOW + 2 * LEASE
    assert await storage.write(lambda uow: uow.jobs.lease(EVERY, late, late + LEASE, 10)) == []
    assert await storage.read(lambda uow: uow.jobs.next_due(EVERY)) is None


async def test_worker_with_an_expired_lease_changes_nothing(storage: Storage) -> None:
    await storage.commit(lambda uow: uow.jobs.add(new_job()))
    (lost,) = await lease(storage)
    end = NOW + LEASE
    (held,) = await storage.write(lambda uow: uow.jobs.lease(EVERY, end, end + LEASE, 10))
    await storage.commit(lambda uow: uow.jobs.reschedule(lost, LATER, "late"))
    assert await live(storage) == [held]
    await storage.commit(lambda uow: uow.jobs.mark_dead(lost, "late"))
    assert await live(storage) == [held]
    assert await dead(storage) == []


async def test_retry_revives_dead_jobs_only(storage: Storage) -> None:
    await storage.commit(
        lambda uow: uow.jobs.add(new_job()), lambda uow: uow.jobs.add(new_job("2", due_in=5))
    )
    (job,) = await lease(storage)
    await storage.commit(lambda uow: uow.jobs.mark_dead(job, "refused"))
    chosen = [new_job().id, new_job("2").id, new_job("unknown").id]
    assert await storage.write(lambda uow: uow.jobs.retry(chosen, LATER)) == 1
    assert await dead(storage) == []
    found = {each.id: each for each in await live(storage)}
    assert found == {
        new_job().id: replace(job, due_at=LATER, attempts=0, last_error="refused"),
        new_job("2").id: new_job("2", due_in=5),
    }


async def test_subject_has_the_jobs_that_were_added_for_it(storage: Storage) -> None:
    mine, another = new_job(), new_job(kind=JobKind.REVERSE_PAYMENT)
    jobs = (mine, another, new_job("2"))
    await storage.commit(*(lambda uow, job=job: uow.jobs.add(job) for job in jobs))
    (job,) = [each for each in await lease(storage) if each.id == mine.id]
    await storage.commit(lambda uow: uow.jobs.mark_dead(job, "refused"))

    subjects = [mine.id.subject_id, id_of("unknown")]
    found = await storage.read(lambda uow: uow.jobs.for_subjects(subjects))

    assert found.keys() == {mine.id.subject_id}
    assert {each.id: each.is_dead for each in found[mine.id.subject_id]} == {
        mine.id: True,
        another.id: False,
    }


async def test_empty_queue_has_nothing_due(storage: Storage) -> None:
    assert await storage.read(lambda uow: uow.jobs.next_due(EVERY)) is None


async def test_existing_reversal_is_repeated_even_while_leased(storage: Storage) -> None:
    first = new_job(kind=JobKind.REVERSE_PAYMENT)
    await storage.commit(lambda uow: uow.jobs.add(first))
    (taken,) = await lease(storage)
    await storage.commit(lambda uow: uow.jobs.add(replace(first, due_at=LATER)))

    await storage.commit(lambda uow: uow.jobs.complete(taken))

    assert await live(storage) == [replace(first, due_at=LATER, attempts=2)]
    (again,) = await storage.write(lambda uow: uow.jobs.lease(EVERY, LATER, LATER + LEASE, 10))
    await storage.commit(lambda uow: uow.jobs.complete(again))
    assert await live(storage) == []


async def test_dead_reversal_that_is_added_again_is_retried(storage: Storage) -> None:
    await storage.commit(lambda uow: uow.jobs.add(new_job(kind=JobKind.REVERSE_PAYMENT)))
    (taken,) = await lease(storage)
    await storage.commit(lambda uow: uow.jobs.mark_dead(taken, "GatewayOutcomeUnknown: no answer"))

    await storage.commit(lambda uow: uow.jobs.add(new_job(kind=JobKind.REVERSE_PAYMENT)))

    (job,) = await live(storage)
    assert (job.due_at, job.failures) == (NOW, 0)


async def test_failures_are_counted_until_a_retry(storage: Storage) -> None:
    await storage.commit(lambda uow: uow.jobs.add(new_job()))
    (taken,) = await lease(storage)
    failed = replace(taken, failures=7)
    await storage.commit(lambda uow: uow.jobs.reschedule(failed, LATER, "no answer"))
    assert await live(storage) == [replace(failed, due_at=LATER, last_error="no answer")]
    await storage.commit(lambda uow: uow.jobs.mark_dead(failed, "no answer"))

    await storage.write(lambda uow: uow.jobs.retry([taken.id], LATER))

    assert await live(storage) == [replace(new_job(), due_at=LATER, last_error="no answer")]
