"""Compares the shop's card payments in a range of time with the gateway's.

Neither list is loaded at once: for each page of recorded payments, the gateway lists the payments
of the same time. A difference is checked again, because a job may have repaired it.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

from shop.application.ports.paging import Page, PageRequest, TimeCursor, TimeRange
from shop.application.ports.payment_gateway import (
    GatewayOutcomeUnknown,
    GatewayPayment,
    PaymentGateway,
)
from shop.application.ports.repositories.jobs import Job
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.reconciliation.discrepancies import Discrepancy, RecordedPayment, compare
from shop.application.transactions.runner import TransactionRunner
from shop.domain.payment import PaymentMethod
from shop.domain.shared.value import value

MAX_PAYMENTS = 500
"""Payments that are compared at once."""

MAX_CLOCK_SKEW = timedelta(minutes=5)
"""By how much the gateway's clock may be ahead."""

_ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)


@value
class PaymentPair:
    """A reference, and the gateway's payment for it, if any."""

    reference: UUID | None
    gateway_payment: GatewayPayment | None


class PaymentComparison:
    """Compares recorded payments with the gateway's records."""

    def __init__(self, transactions: TransactionRunner, gateway: PaymentGateway) -> None:
        self._transactions = transactions
        self._gateway = gateway

    async def discrepancies(self, time_range: TimeRange) -> AsyncIterator[Sequence[Discrepancy]]:
        """Yield pages of discrepancies, except for payments in progress.

        Raise `GatewayOutcomeUnknown` if the gateway's records cannot be read.
        """
        await self._require_records(time_range.until)
        until, after = time_range.until, None
        while True:
            recorded = await self._load_page(time_range, after)
            since = time_range.since if recorded.next is None else recorded.next.at
            async for pairs in self._pairs(TimeRange(since=since, until=until), recorded.items):
                yield [each async for each in self._compare(pairs, time_range)]
            if recorded.next is None:
                return
            until, after = since, recorded.next

    async def _require_records(self, until: datetime) -> None:
        """Raise `GatewayOutcomeUnknown` if the gateway has lost all of the shop's payments."""
        problem = await self._gateway.missing_records()
        if problem is not None and await self._has_charged_a_card(until):
            raise GatewayOutcomeUnknown(problem)

    async def _has_charged_a_card(self, until: datetime) -> bool:
        """Check whether the gateway has named a payment; a first request may never reach it."""
        after: TimeCursor | None = None
        while True:
            page = await self._load_page(TimeRange(since=_ALWAYS, until=until), after)
            recorded = await self._load_recorded([each.id for each in page.items])
            if any(each.gateway_payment_id is not None for each in recorded.values()):
                return True
            if page.next is None:
                return False
            after = page.next

    async def _pairs(
        self, time_range: TimeRange, recorded: Sequence[TimeCursor]
    ) -> AsyncIterator[Sequence[PaymentPair]]:
        """Yield the gateway's payments of a time range, then recorded ones it lacks."""
        missing_references: set[UUID | None] = {cursor.id for cursor in recorded}
        pairs: list[PaymentPair] = []
        async for gateway_payment in self._gateway.list_payments(
            time_range.since, time_range.until
        ):
            missing_references.discard(gateway_payment.reference)
            pairs.append(
                PaymentPair(reference=gateway_payment.reference, gateway_payment=gateway_payment)
            )
            if len(pairs) == MAX_PAYMENTS:
                yield pairs
                pairs = []
        yield pairs
        yield [PaymentPair(reference=each, gateway_payment=None) for each in missing_references]

    async def _compare(
        self, pairs: Sequence[PaymentPair], time_range: TimeRange
    ) -> AsyncIterator[Discrepancy]:
        recorded = await self._load_recorded({pair.reference for pair in pairs})
        for pair in pairs:
            if _open_discrepancy(recorded.get(pair.reference), pair.gateway_payment) is not None:
                discrepancy = await self._recheck(pair, time_range)
                if discrepancy is not None:
                    yield discrepancy

    async def _recheck(self, pair: PaymentPair, time_range: TimeRange) -> Discrepancy | None:
        gateway_payment = pair.gateway_payment
        if pair.reference is not None:
            latest = await self._gateway.find_payment(pair.reference)
            if (
                gateway_payment is None
                and latest is not None
                and _is_in(time_range, latest.created_at)
            ):
                # It is compared with the page of the time that the gateway has for it.
                return None
            if latest is not None and (gateway_payment is None or gateway_payment.id == latest.id):
                gateway_payment = latest
        recorded = await self._load_recorded({pair.reference})
        return _open_discrepancy(recorded.get(pair.reference), gateway_payment)

    async def _load_page(
        self, time_range: TimeRange, after: TimeCursor | None
    ) -> Page[TimeCursor, TimeCursor]:
        """Return the times and references of recorded payments, newest first."""
        page = PageRequest(limit=MAX_PAYMENTS, after=after)

        async def load_page(uow: UnitOfWork) -> Page[TimeCursor, TimeCursor]:
            orders = await uow.payments.card_payments_in(time_range, page)
            deposits = await uow.deposits.search(time_range, page)
            recorded = [
                *(TimeCursor(at=each.created_at, id=each.order_id) for each in orders.items),
                *(TimeCursor(at=each.created_at, id=each.id) for each in deposits.items),
            ]
            recorded.sort(key=lambda cursor: (cursor.at, cursor.id), reverse=True)
            items = recorded[: page.limit]
            has_more = len(recorded) > len(items) or orders.next or deposits.next
            return Page(items=items, next=items[-1] if has_more else None)

        return await self._transactions.read(load_page)

    async def _load_recorded(
        self, references: Collection[UUID | None]
    ) -> Mapping[UUID | None, RecordedPayment]:
        known = [each for each in references if each is not None]
        return await self._transactions.read(partial(recorded_payments, known))


async def recorded_payments(
    references: Collection[UUID], uow: UnitOfWork
) -> Mapping[UUID | None, RecordedPayment]:
    """Return the recorded card payments of references."""
    payments = await uow.payments.for_orders(references)
    deposits = await uow.deposits.get_many(references)
    refunds = await uow.refunds.for_orders(list(payments))
    refund_ids = {each.id for refunds_of_order in refunds.values() for each in refunds_of_order}
    jobs = await uow.jobs.for_subjects({*references, *refund_ids})

    def jobs_of(order_id: UUID) -> Sequence[Job]:
        """Return the jobs of an order and its refunds."""
        subjects = [order_id, *(each.id for each in refunds[order_id])]
        return [job for subject in subjects for job in jobs.get(subject, ())]

    recorded = [
        RecordedPayment.for_order(each, refunds[each.order_id], jobs_of(each.order_id))
        for each in payments.values()
        if each.method is PaymentMethod.CARD
    ]
    recorded += [
        RecordedPayment.for_deposit(each, jobs.get(each.id, ())) for each in deposits.values()
    ]
    return {each.reference: each for each in recorded}


def _open_discrepancy(
    recorded: RecordedPayment | None, gateway_payment: GatewayPayment | None
) -> Discrepancy | None:
    """Return the discrepancy, unless a job is going to repair it."""
    return (
        None
        if recorded is not None and recorded.has_live_job
        else compare(recorded, gateway_payment)
    )


def _is_in(time_range: TimeRange, time: datetime) -> bool:
    return time_range.since <= time < time_range.until
