"""Jobs in memory."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from shop.adapters.memory.engine.database import State
from shop.adapters.memory.engine.paging import newest_first
from shop.adapters.memory.engine.transaction import MemoryTransaction
from shop.application.ports.paging import Page, PageRequest, TimeCursor
from shop.application.ports.repositories.jobs import Job, JobId, JobKind, Jobs


class MemoryJobs(Jobs):
    """All jobs, in memory."""

    def __init__(self, transaction: MemoryTransaction) -> None:
        self._transaction = transaction
        self._added: dict[JobId, Job] = {}
        self._saved: dict[JobId, Job] = {}
        self._removed: set[JobId] = set()

    def add(self, job: Job) -> None:
        """Stage a new job."""
        self._transaction.require_writing()
        self._added[job.id] = job

    def remove(self, job_id: JobId) -> None:
        """Stage the removal of a job."""
        self._transaction.require_writing()
        self._removed.add(job_id)

    def complete(self, job: Job) -> None:
        """Stage the removal of a leased job."""
        self._transaction.require_writing()
        stored = self._transaction.state.jobs.rows.get(job.id)
        if stored is not None and stored.attempts == job.attempts:
            self._removed.add(job.id)

    async def lease(
        self, kinds: Collection[JobKind], now: datetime, until: datetime, limit: int
    ) -> Sequence[Job]:
        """Set due jobs to the end of the lease, and count an attempt."""
        self._transaction.require_writing()
        due = sorted(
            (job for job in self._alive(kinds) if job.due_at <= now), key=lambda job: job.due_at
        )
        leased = [replace(job, due_at=until, attempts=job.attempts + 1) for job in due[:limit]]
        self._saved |= {job.id: job for job in leased}
        return sorted(leased, key=lambda job: job.created_at)

    async def for_subjects(self, subject_ids: Collection[UUID]) -> Mapping[UUID, Sequence[Job]]:
        """Return the jobs of subjects, by subject id."""
        found: dict[UUID, list[Job]] = {}
        for job in self._transaction.state.jobs.rows.values():
            if job.id.subject_id in subject_ids:
                found.setdefault(job.id.subject_id, []).append(job)
        return found

    async def next_due(self, kinds: Collection[JobKind]) -> datetime | None:
        """Return when the next job is due."""
        return min((job.due_at for job in self._alive(kinds)), default=None)

    def reschedule(self, job: Job, due_at: datetime, error: str) -> None:
        """Stage a retry."""
        self._update(replace(job, due_at=due_at, is_dead=False, last_error=error))

    def mark_dead(self, job: Job, error: str) -> None:
        """Stage that a job is dead."""
        self._update(replace(job, is_dead=True, last_error=error))

    async def search(self, page: PageRequest[TimeCursor], *, dead: bool) -> Page[Job, TimeCursor]:
        """Return a page of jobs, newest first."""
        return newest_first(
            (job for job in self._transaction.state.jobs.rows.values() if job.is_dead is dead),
            page,
            lambda job: TimeCursor(at=job.created_at, id=job.id.subject_id),
        )

    async def retry(self, job_ids: Collection[JobId], at: datetime) -> int:
        """Make dead jobs due."""
        self._transaction.require_writing()
        dead = [
            job for job in self._transaction.state.jobs.get_many(job_ids).values() if job.is_dead
        ]
        self._saved |= {job.id: _retried(job, at) for job in dead}
        return len(dead)

    def apply(self, state: State) -> State:
        """Return the state with the staged changes; existing jobs are not added again."""
        remaining = state.jobs.with_changes(removed=self._removed)
        added = [job for key, job in self._added.items() if key not in remaining.rows]
        saved = [job for key, job in self._saved.items() if key in remaining.rows]
        saved += [
            _restarted(remaining.rows[key], job.due_at)
            for key, job in self._added.items()
            if key in remaining.rows
            and key.kind is JobKind.REVERSE_PAYMENT
            and remaining.rows[key].attempts
        ]
        return replace(state, jobs=remaining.with_changes(added=added, saved=saved))

    def _alive(self, kinds: Collection[JobKind]) -> Sequence[Job]:
        jobs = self._transaction.state.jobs.rows.values()
        return [job for job in jobs if job.id.kind in kinds and not job.is_dead]

    def _update(self, job: Job) -> None:
        self._transaction.require_writing()
        stored = self._transaction.state.jobs.rows.get(job.id)
        if stored is not None and stored.attempts == job.attempts:
            self._saved[job.id] = job


def _retried(job: Job, at: datetime) -> Job:
    return replace(job, is_dead=False, attempts=0, failures=0, due_at=at)


def _restarted(job: Job, at: datetime) -> Job:
    """Reschedule a leased job, so that the running attempt can no longer complete it."""
    return replace(job, is_dead=False, attempts=job.attempts + 1, failures=0, due_at=at)
