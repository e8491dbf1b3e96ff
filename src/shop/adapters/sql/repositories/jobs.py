"""Jobs in a relational database."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    FromClause,
    Row,
    Table,
    Update,
    and_,
    bindparam,
    func,
    select,
    tuple_,
    union_all,
    update,
)

from shop.adapters.sql.schema.tables import jobs
from shop.adapters.sql.statements.connection import SqlConnection
from shop.adapters.sql.statements.paging import newest_first, to_page
from shop.adapters.sql.statements.writes import (
    Fields,
    PendingWrite,
    WriteStatement,
    delete_rows,
    insert_missing_rows,
    update_rows,
)
from shop.application.ports.paging import Page, PageRequest, TimeCursor
from shop.application.ports.repositories.jobs import Job, JobId, JobKind, Jobs

KEY_COLUMNS = ["kind", "subject_id"]


class SqlJobs(Jobs):
    """The table of jobs."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection
        self._added: dict[JobId, Fields] = {}
        self._updated: list[Fields] = []
        self._removed: set[JobId] = set()
        self._completed: list[Fields] = []

    def add(self, job: Job) -> None:
        """Stage a new job."""
        self._connection.require_staging()
        self._added[job.id] = _fields(job)

    def remove(self, job_id: JobId) -> None:
        """Stage the removal of a job."""
        self._connection.require_staging()
        self._removed.add(job_id)

    def complete(self, job: Job) -> None:
        """Stage the removal of a leased job."""
        self._connection.require_staging()
        self._completed.append({**_id(job.id), "attempts": job.attempts})

    async def lease(
        self, kinds: Collection[JobKind], now: datetime, until: datetime, limit: int
    ) -> Sequence[Job]:
        """Set due jobs to the end of the lease, and count an attempt."""
        parameters = {"kinds": _stored_kinds(kinds), "now": now, "until": until, "most": limit}
        rows = await self._connection.fetch_all(_lease_statement(), parameters)
        return sorted((_job(row) for row in rows), key=lambda job: job.created_at)

    async def for_subjects(self, subject_ids: Collection[UUID]) -> Mapping[UUID, Sequence[Job]]:
        """Return the jobs of subjects, by subject id."""
        found: dict[UUID, list[Job]] = {}
        for row in await self._connection.fetch_where_in(JOBS, jobs.c.subject_id, subject_ids):
            found.setdefault(row.subject_id, []).append(_job(row))
        return found

    async def next_due(self, kinds: Collection[JobKind]) -> datetime | None:
        """Return when the next job is due."""
        rows = await self._connection.fetch_all(_select_next_due(tuple(_stored_kinds(kinds))))
        return min((row.due_at for row in rows if row.due_at), default=None)

    def reschedule(self, job: Job, due_at: datetime, error: str) -> None:
        """Stage a retry."""
        self._update(job, due_at=due_at, is_dead=False, last_error=error)

    def mark_dead(self, job: Job, error: str) -> None:
        """Stage that a job is dead."""
        self._update(job, due_at=job.due_at, is_dead=True, last_error=error)

    async def search(self, page: PageRequest[TimeCursor], *, dead: bool) -> Page[Job, TimeCursor]:
        """Return a page of jobs, newest first."""
        statement = select(jobs).where(jobs.c.is_dead.is_(dead))
        rows = await self._connection.fetch_all(
            newest_first(statement, jobs.c.created_at, jobs.c.subject_id, page)
        )
        return to_page(
            [_job(row) for row in rows],
            page,
            lambda job: TimeCursor(at=job.created_at, id=job.id.subject_id),
        )

    async def retry(self, job_ids: Collection[JobId], at: datetime) -> int:
        """Make dead jobs due."""
        kinds_and_subjects = [(each.kind.value, each.subject_id) for each in job_ids]
        is_chosen = tuple_(jobs.c.kind, jobs.c.subject_id).in_(kinds_and_subjects)
        return await self._connection.execute(
            update(jobs)
            .where(is_chosen, jobs.c.is_dead)
            .values(is_dead=False, attempts=0, failures=0, due_at=at)
        )

    def pending_writes(self) -> Iterator[PendingWrite]:
        """Yield the staged writes."""
        yield from delete_rows(jobs, [_id(each) for each in self._removed])
        yield from delete_rows(jobs, self._completed)
        if reversals := [
            each for each in self._added.values() if each["kind"] == JobKind.REVERSE_PAYMENT.value
        ]:
            yield PendingWrite(
                statement=RescheduleRows(jobs, tuple(reversals[0])),
                rows=reversals,
                error_if_incomplete=None,
            )
        yield from insert_missing_rows(jobs, self._added.values(), self._connection.row_parameters)
        yield from update_rows(jobs, KEY_COLUMNS, self._updated, only_if=_same_attempt)

    def _update(self, job: Job, **changes: object) -> None:
        self._connection.require_staging()
        self._updated.append(
            {**_id(job.id), "attempts": job.attempts, "failures": job.failures, **changes}
        )


JOBS = select(jobs).order_by(jobs.c.subject_id, jobs.c.kind)
IS_ALIVE = and_(
    jobs.c.kind.in_(bindparam("kinds", expanding=True, type_=jobs.c.kind.type)),
    jobs.c.is_dead.is_(False),
)


@dataclass(frozen=True, slots=True)
class RescheduleRows(WriteStatement):
    """Reschedules leased jobs, so that the running attempt cannot complete them."""

    def statement(self, rows: FromClause) -> Update:
        """Build the UPDATE."""
        matches = [self.table.c[name] == rows.c[name] for name in KEY_COLUMNS]
        was_started = self.table.c.attempts > 0
        restarted = {"attempts": self.table.c.attempts + 1, "failures": 0, "is_dead": False}
        return (
            update(self.table)
            .values(due_at=rows.c.due_at, **restarted)
            .where(*matches, was_started)
        )


@cache
def _select_next_due(kinds: tuple[str, ...]) -> CompoundSelect[Any]:
    # One index lookup for each kind, however many jobs there are.
    earliest = func.min(jobs.c.due_at).label("due_at")
    return union_all(
        *(select(earliest).where(jobs.c.kind == each, jobs.c.is_dead.is_(False)) for each in kinds)
    )


@cache
def _lease_statement() -> Update:
    now = bindparam("now", type_=jobs.c.due_at.type)
    due = and_(IS_ALIVE, jobs.c.due_at <= now)
    chosen = (
        select(jobs.c.kind, jobs.c.subject_id)
        .where(due)
        .order_by(jobs.c.due_at)
        .limit(bindparam("most"))
        # Otherwise workers would wait for each other and then find nothing.
        .with_for_update(skip_locked=True)
        # A CTE, so that it runs once.
        .cte("chosen")
    )
    return (
        update(jobs)
        .where(tuple_(jobs.c.kind, jobs.c.subject_id).in_(select(chosen)), due)
        .values(due_at=bindparam("until", type_=jobs.c.due_at.type), attempts=jobs.c.attempts + 1)
        .returning(jobs)
    )


def _same_attempt(table: Table, rows: FromClause) -> ColumnElement[bool]:
    return table.c.attempts == rows.c.attempts


def _stored_kinds(kinds: Collection[JobKind]) -> Sequence[str]:
    return [kind.value for kind in kinds]


def _id(job_id: JobId) -> Fields:
    return {"kind": job_id.kind.value, "subject_id": job_id.subject_id}


def _fields(job: Job) -> Fields:
    return {
        **_id(job.id),
        "due_at": job.due_at,
        "attempts": job.attempts,
        "failures": job.failures,
        "is_dead": job.is_dead,
        "last_error": job.last_error,
        "created_at": job.created_at,
    }


def _job(row: Row[Any]) -> Job:
    return Job(
        id=JobId(kind=JobKind(row.kind), subject_id=row.subject_id),
        due_at=row.due_at,
        attempts=row.attempts,
        failures=row.failures,
        is_dead=row.is_dead,
        last_error=row.last_error,
        created_at=row.created_at,
    )
