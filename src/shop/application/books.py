"""The books: what the shop has of card payments in a span of time, beside what the gateway has.

Neither list is loaded at once. A page of ours has a stretch of time, whose payments are asked of
the gateway; together the stretches are the whole span. What seems to differ is looked at again,
one by one: meanwhile somebody may have seen to it.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from shop.application.differences import Difference, OurPayment, difference
from shop.application.ports.outbox import Job
from shop.application.ports.paging import Listing, Moment, Page, Span
from shop.application.ports.payment_gateway import GatewayPayment, PaymentGateway
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transact import Transact
from shop.domain.payment import PaymentMethod

MAX_PAYMENTS = 500
"""How many payments are compared at once."""

CLOCKS_APART = timedelta(minutes=5)
"""By how much the gateway's clock may be ahead of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    """A payment by the reference that both books know it by, and as the gateway has it."""

    reference: UUID | None
    found: GatewayPayment | None


class BothBooks:
    """Both books, to be compared."""

    def __init__(self, transact: Transact, gateway: PaymentGateway) -> None:
        self._transact = transact
        self._gateway = gateway

    async def differences(self, span: Span) -> AsyncIterator[Sequence[Difference]]:
        """Yield what the books disagree about, a page at a time; what is under way is left out.

        Raise `GatewaySilent` where the gateway's books cannot be read.
        """
        until, after = span.until, None
        while True:
            ours = await self._page(span, after)
            since = span.since if ours.next is None else ours.next.at
            async for pairs in self._pairs(Span(since=since, until=until), ours.items):
                yield [each async for each in self._compared(pairs, span)]
            if ours.next is None:
                return
            until, after = since, ours.next

    async def _pairs(self, stretch: Span, ours: Sequence[Moment]) -> AsyncIterator[Sequence[_Pair]]:
        """Yield what the gateway has of a stretch of time, then those of ours that it has not."""
        missing: set[UUID | None] = {made.id for made in ours}
        pairs: list[_Pair] = []
        async for found in self._gateway.payments(stretch.since, stretch.until):
            missing.discard(found.reference)
            pairs.append(_Pair(reference=found.reference, found=found))
            if len(pairs) == MAX_PAYMENTS:
                yield pairs
                pairs = []
        yield pairs
        yield [_Pair(reference=each, found=None) for each in missing]

    async def _compared(self, pairs: Sequence[_Pair], span: Span) -> AsyncIterator[Difference]:
        ours = await self._ours({pair.reference for pair in pairs})
        for pair in pairs:
            if _left(ours.get(pair.reference), pair.found) is not None:
                seen_again = await self._look_again(pair, span)
                if seen_again is not None:
                    yield seen_again

    async def _look_again(self, pair: _Pair, span: Span) -> Difference | None:
        found = pair.found
        if pair.reference is not None:
            latest = await self._gateway.look_up(pair.reference)
            if found is None and latest is not None and _is_in(span, latest.created_at):
                # It is compared in the stretch in which the gateway has it.
                return None
            if latest is not None and (found is None or found.id == latest.id):
                found = latest
        ours = await self._ours({pair.reference})
        return _left(ours.get(pair.reference), found)

    async def _page(self, span: Span, after: Moment | None) -> Listing[Moment, Moment]:
        """Return when payments of ours were made, and for what, the newest first."""
        page = Page(limit=MAX_PAYMENTS, after=after)

        async def ask(uow: UnitOfWork) -> Listing[Moment, Moment]:
            orders = await uow.payments.by_card(span, page)
            deposits = await uow.deposits.search(span, page)
            made = [
                *(Moment(at=each.created_at, id=each.order_id) for each in orders.items),
                *(Moment(at=each.created_at, id=each.id) for each in deposits.items),
            ]
            made.sort(key=lambda moment: (moment.at, moment.id), reverse=True)
            shown = made[: page.limit]
            more = len(made) > len(shown) or orders.next or deposits.next
            return Listing(items=shown, next=shown[-1] if more else None)

        return await self._transact.read(ask)

    async def _ours(self, references: Collection[UUID | None]) -> Mapping[UUID | None, OurPayment]:
        known = [each for each in references if each is not None]
        return await self._transact.read(partial(our_payments, known))


async def our_payments(
    references: Collection[UUID], uow: UnitOfWork
) -> Mapping[UUID | None, OurPayment]:
    """Return those card payments that the shop has, by what the gateway knows them by."""
    payments = await uow.payments.of_orders(references)
    deposits = await uow.deposits.get_many(references)
    refunds = await uow.refunds.of_orders(list(payments))
    waiting = {each.id for made in refunds.values() for each in made}
    jobs = await uow.outbox.of_subjects({*references, *waiting})

    def jobs_of(order_id: UUID) -> Sequence[Job]:
        """Return the jobs of an order and of its refunds."""
        subjects = [order_id, *(each.id for each in refunds[order_id])]
        return [job for subject in subjects for job in jobs.get(subject, ())]

    known = [
        OurPayment.of_order(each, refunds[each.order_id], jobs_of(each.order_id))
        for each in payments.values()
        if each.method is PaymentMethod.CARD
    ]
    known += [OurPayment.of_deposit(each, jobs.get(each.id, ())) for each in deposits.values()]
    return {each.reference: each for each in known}


def _left(ours: OurPayment | None, found: GatewayPayment | None) -> Difference | None:
    """Return what the books disagree about, unless somebody sees to it."""
    return None if ours is not None and ours.is_under_way else difference(ours, found)


def _is_in(span: Span, moment: datetime) -> bool:
    return span.since <= moment < span.until
