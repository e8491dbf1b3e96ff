"""Dispatches: bring announcements to whoever is to hear of them, and keep account of that.

An attempt that nobody has answered may have arrived: an announcement arrives at least once, and
under the same id every time.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from shop.application.announcements import JOBS, Endpoint
from shop.application.group_commit import Lines
from shop.application.outbox import end_job, is_spent
from shop.application.ports.clock import Clock
from shop.application.ports.courier import Courier, NotDelivered, Parcel
from shop.application.ports.dispatches import DispatchFilter
from shop.application.ports.mailer import Letter, Mailer
from shop.application.ports.outbox import Job, JobId
from shop.application.ports.paging import Listing, Moment, Page
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transact import Transact
from shop.domain.announcement import Channel, Dispatch, DispatchStatus
from shop.domain.user import Role, User

KEPT = timedelta(days=30)
"""How long dispatches that have arrived, or were given up, can be looked at."""

Carry = Callable[[Dispatch], Awaitable[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Attempt:
    """An attempt at a dispatch, by its number, and what came of it: a status code, or a failure."""

    job: Job
    number: int
    outcome: int | NotDelivered

    @property
    def is_last(self) -> bool:
        """Whether nobody tries again by themselves."""
        return isinstance(self.outcome, NotDelivered) and (
            self.outcome.for_good or is_spent(self.job)
        )

    @property
    def ends_job(self) -> bool:
        """Whether not even an operator need try again."""
        return not isinstance(self.outcome, NotDelivered) or self.outcome.for_good

    def told_by(self, dispatch: Dispatch, at: datetime) -> Dispatch:
        """Return the dispatch after this attempt."""
        if isinstance(self.outcome, NotDelivered):
            return dispatch.missed(
                attempt=self.number,
                status_code=self.outcome.status_code,
                error=self.outcome.reason,
                is_last=self.is_last,
            )
        return dispatch.delivered(attempt=self.number, status_code=self.outcome, at=at)


class CarryDispatches:
    """The use cases behind the outbox's jobs that tell others."""

    def __init__(
        self,
        transact: Transact,
        courier: Courier,
        mailer: Mailer,
        endpoints: Sequence[Endpoint],
        lines: Lines,
        clock: Clock,
    ) -> None:
        self._transact = transact
        self._courier = courier
        self._mailer = mailer
        self._secrets = {each.url: each.secret for each in endpoints}
        self._found = lines.before(self._find)
        self._addressees = lines.before(self._find_users)
        self._told = lines.before(self._record)
        self._clock = clock

    async def deliver(self, job: Job) -> None:
        """Bring an announcement to an endpoint; raise `NotDelivered` where it is tried again."""
        await self._carry(job, self._to_endpoint)

    async def mail(self, job: Job) -> None:
        """Bring an announcement to a customer; raise `NotDelivered` where it is tried again."""
        await self._carry(job, self._to_customer)

    async def _carry(self, job: Job, carry: Carry) -> None:
        dispatch: Dispatch | None = await self._found.send(job.id.subject_id)
        if dispatch is None or dispatch.status is DispatchStatus.DELIVERED:
            await self._transact.write(partial(end_job, job), repeatable=True)
            return
        outcome: int | NotDelivered
        try:
            outcome = await carry(dispatch)
        except NotDelivered as failure:
            outcome = failure
        attempt = _Attempt(job=job, number=dispatch.attempts + 1, outcome=outcome)
        await self._told.send(attempt)
        if isinstance(outcome, NotDelivered) and not attempt.ends_job:
            raise outcome

    async def _to_endpoint(self, dispatch: Dispatch) -> int:
        secret = self._secrets.get(dispatch.addressee)
        if secret is None:
            raise NotDelivered(
                "the endpoint is not in the settings", status_code=None, for_good=False
            )
        return await self._courier.deliver(
            Parcel(
                id=dispatch.id,
                url=dispatch.addressee,
                secret=secret,
                payload=dispatch.payload,
                sent_at=self._clock.now(),
            )
        )

    async def _to_customer(self, dispatch: Dispatch) -> int:
        # The address that the customer has now, whichever it was at the time.
        user: User | None = await self._addressees.send(UUID(dispatch.addressee))
        if user is None:
            raise NotDelivered("there is no such customer", status_code=None, for_good=True)
        return await self._mailer.send(
            Letter(
                id=dispatch.id,
                name=user.name,
                email=user.email,
                topic=dispatch.topic,
                facts=json.loads(dispatch.payload)["data"],
                written_at=dispatch.created_at,
            )
        )

    async def _find(self, ids: Sequence[UUID]) -> Sequence[Dispatch | None]:
        async def find(uow: UnitOfWork) -> Mapping[UUID, Dispatch]:
            return await uow.dispatches.get_many(set(ids))

        found = await self._transact.read(find)
        return [found.get(each) for each in ids]

    async def _find_users(self, ids: Sequence[UUID]) -> Sequence[User | None]:
        async def find(uow: UnitOfWork) -> Mapping[UUID, User]:
            return await uow.users.get_many(set(ids))

        found = await self._transact.read(find)
        return [found.get(each) for each in ids]

    async def _record(self, attempts: Sequence[_Attempt]) -> Sequence[None]:
        """Record in one unit of work what came of attempts."""
        return await self._transact.write(
            partial(self._record_all, attempts), repeatable=True, divisible=len(attempts) > 1
        )

    async def _record_all(self, attempts: Sequence[_Attempt], uow: UnitOfWork) -> Sequence[None]:
        dispatches = dict(await uow.dispatches.lock({each.job.id.subject_id for each in attempts}))
        now = self._clock.now()
        for attempt in attempts:
            dispatch = dispatches.get(attempt.job.id.subject_id)
            if dispatch is not None:
                dispatches[dispatch.id] = attempt.told_by(dispatch, now)
                uow.dispatches.save(dispatches[dispatch.id])
            if attempt.ends_job:
                uow.outbox.finish(attempt.job.id)
        await uow.commit()
        return [None] * len(attempts)


class LookAfterDispatches:
    """The operator's use cases: see what has arrived and what has not, and forget the old."""

    def __init__(self, transact: Transact, clock: Clock) -> None:
        self._transact = transact
        self._clock = clock

    async def search(
        self, user: User, status: DispatchStatus | None, page: Page[Moment]
    ) -> Listing[Dispatch, Moment]:
        """Return a page of what goes to endpoints, the newest first (admin).

        Raise `Forbidden` for anybody else.
        """
        user.require(Role.ADMIN)
        which = DispatchFilter(channel=Channel.WEBHOOK, status=status)
        return await self._transact.read(lambda uow: uow.dispatches.search(which, page))

    async def sweep(self) -> int:
        """Forget what was delivered or given up more than 30 days ago; return how many."""
        return await self._transact.write(self._sweep, repeatable=True)

    async def _sweep(self, uow: UnitOfWork) -> int:
        swept = await uow.dispatches.sweep(self._clock.now() - KEPT)
        for each in swept:
            for kind in JOBS.values():
                uow.outbox.finish(JobId(kind=kind, subject_id=each))
        await uow.commit()
        return len(swept)
