"""The outbox in memory."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from shop.adapters.memory.database import State
from shop.adapters.memory.paging import newest_first
from shop.adapters.memory.turn import Turn
from shop.application.ports.outbox import Job, JobId, JobKind, Outbox
from shop.application.ports.paging import Listing, Moment, Page


class MemoryOutbox(Outbox):
    """All jobs, in memory."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._added: dict[JobId, Job] = {}
        self._saved: dict[JobId, Job] = {}
        self._finished: set[JobId] = set()

    def add(self, job: Job) -> None:
        """Stage a new job."""
        self._turn.require_writing()
        self._added[job.id] = job

    def finish(self, job_id: JobId) -> None:
        """Stage the end of a job."""
        self._turn.require_writing()
        self._finished.add(job_id)

    def end(self, job: Job) -> None:
        """Stage the end of a job as it was leased."""
        self._turn.require_writing()
        stored = self._turn.state.jobs.rows.get(job.id)
        if stored is not None and stored.attempts == job.attempts:
            self._finished.add(job.id)

    async def lease(
        self, kinds: Collection[JobKind], now: datetime, until: datetime, limit: int
    ) -> Sequence[Job]:
        """Take jobs that are due, and count an attempt at each."""
        self._turn.require_writing()
        due = sorted(
            (job for job in self._living(kinds) if job.due_at <= now), key=lambda job: job.due_at
        )
        taken = [replace(job, due_at=until, attempts=job.attempts + 1) for job in due[:limit]]
        self._saved |= {job.id: job for job in taken}
        return sorted(taken, key=lambda job: job.created_at)

    async def of_subjects(self, subject_ids: Collection[UUID]) -> Mapping[UUID, Sequence[Job]]:
        """Return the jobs of those subjects that have any."""
        found: dict[UUID, list[Job]] = {}
        for job in self._turn.state.jobs.rows.values():
            if job.id.subject_id in subject_ids:
                found.setdefault(job.id.subject_id, []).append(job)
        return found

    async def next_due(self, kinds: Collection[JobKind]) -> datetime | None:
        """Return when the next living job is due."""
        return min((job.due_at for job in self._living(kinds)), default=None)

    def postpone(self, job: Job, due_at: datetime, failure: str) -> None:
        """Stage another attempt."""
        self._note(replace(job, due_at=due_at, is_dead=False, failure=failure))

    def bury(self, job: Job, failure: str) -> None:
        """Stage the end of all attempts."""
        self._note(replace(job, is_dead=True, failure=failure))

    async def search(self, page: Page[Moment], *, dead: bool) -> Listing[Job, Moment]:
        """Return a page of jobs, the newest first."""
        return newest_first(
            (job for job in self._turn.state.jobs.rows.values() if job.is_dead is dead),
            page,
            lambda job: Moment(at=job.created_at, id=job.id.subject_id),
        )

    async def revive(self, job_ids: Collection[JobId], at: datetime) -> int:
        """Make dead jobs due."""
        self._turn.require_writing()
        dead = [job for job in self._turn.state.jobs.get_many(job_ids).values() if job.is_dead]
        self._saved |= {job.id: _revived(job, at) for job in dead}
        return len(dead)

    def applied_to(self, state: State) -> State:
        """Return the state after what is staged; what is there already is not added again."""
        left = state.jobs.with_changes(removed=self._finished)
        added = [job for key, job in self._added.items() if key not in left.rows]
        saved = [job for key, job in self._saved.items() if key in left.rows]
        saved += [
            _renewed(left.rows[key], job.due_at)
            for key, job in self._added.items()
            if key in left.rows and key.kind is JobKind.UNDO and left.rows[key].attempts
        ]
        return replace(state, jobs=left.with_changes(added=added, saved=saved))

    def _living(self, kinds: Collection[JobKind]) -> Sequence[Job]:
        jobs = self._turn.state.jobs.rows.values()
        return [job for job in jobs if job.id.kind in kinds and not job.is_dead]

    def _note(self, job: Job) -> None:
        self._turn.require_writing()
        there = self._turn.state.jobs.rows.get(job.id)
        if there is not None and there.attempts == job.attempts:
            self._saved[job.id] = job


def _revived(job: Job, at: datetime) -> Job:
    return replace(job, is_dead=False, attempts=0, failures=0, due_at=at)


def _renewed(job: Job, at: datetime) -> Job:
    """Return a job that is to be done anew; whoever is at it does not end it any more."""
    return replace(job, is_dead=False, attempts=job.attempts + 1, failures=0, due_at=at)
