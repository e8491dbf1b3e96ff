"""The entries: the rows of the books, as one transaction sees and changes them."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from shop.adapters.simulated.answers import Answer, read, written
from shop.application.ports.payment_gateway import (
    Approved,
    Authorise,
    Challenged,
    Declined,
    GatewayPayment,
    Verdict,
)
from shop.domain.money import Currency, Money

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

_PAYMENT = "SELECT * FROM payments WHERE id = ?"
_OF_REFERENCE = "SELECT * FROM payments WHERE reference = ? ORDER BY created_at, position"
_FIRST_PAGE = """
    SELECT * FROM payments WHERE created_at >= ? AND created_at < ?
    ORDER BY created_at, position LIMIT ?
"""
_NEXT_PAGE = """
    SELECT * FROM payments WHERE created_at >= ? AND created_at < ? AND
    (created_at, position) > (SELECT created_at, position FROM payments WHERE id = ?)
    ORDER BY created_at, position LIMIT ?
"""
_ADD_PAYMENT = """
    INSERT INTO payments (id, reference, amount, currency, verdict, reason, created_at)
    VALUES (?, ?, ?, ?, ?, ?, ?)
"""
_ADD_KEY = """
    INSERT INTO keys (key, request, payment_id, answer, detail, due_at, made_at)
    VALUES (?, ?, ?, ?, ?, ?, ?)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """A payment, and how many requests to authorise it have arrived."""

    payment: GatewayPayment
    calls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A span of time, its end excluded."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RememberedKey:
    """What is known of a key: what was asked under it, and what was answered, if that is."""

    request: bytes
    payment_id: str
    answer: Answer | None
    due_at: datetime


class Entries:
    """The rows of the books within a transaction, at a moment."""

    def __init__(self, connection: sqlite3.Connection, now: datetime) -> None:
        self._connection = connection
        self.now = now

    def key(self, key: str) -> RememberedKey | None:
        """Return what is remembered of a key."""
        row = self._one(
            "SELECT request, payment_id, answer, detail, due_at FROM keys WHERE key = ?", key
        )
        if row is None:
            return None
        request, payment_id, answer, detail, due_at = row
        return RememberedKey(
            request=request,
            payment_id=payment_id,
            answer=None if answer is None else read(answer, detail),
            due_at=_moment(due_at),
        )

    def remember(
        self,
        key: str,
        request: bytes,
        payment_id: str,
        answer: Answer | None,
        *,
        delay_seconds: float = 0,
    ) -> None:
        """Note a key with what was asked and answered; or else when that is to be decided."""
        due_at = self.now + timedelta(seconds=delay_seconds)
        kind, detail = (None, None) if answer is None else written(answer)
        times = (_number(due_at), _number(self.now))
        self._change(_ADD_KEY, key, request, payment_id, kind, detail, *times)

    def answer(self, key: str, answer: Answer) -> None:
        """Note what is answered from now on to whoever comes with this key."""
        self._change("UPDATE keys SET answer = ?, detail = ? WHERE key = ?", *written(answer), key)

    def forget_before(self, moment: datetime) -> None:
        """Forget the keys that are older than this."""
        self._change("DELETE FROM keys WHERE made_at <= ?", _number(moment))

    def add(self, payment_id: str, wish: Authorise, verdict: Verdict | None) -> None:
        """Add a payment, decided or not."""
        self._change(
            _ADD_PAYMENT,
            payment_id,
            wish.reference.hex,
            wish.amount.amount,
            wish.amount.currency,
            *_kind_and_reason(verdict),
            _number(self.now),
        )

    def count_call(self, payment_id: str) -> None:
        """Note that one more request to authorise this payment has arrived."""
        self._change("UPDATE payments SET calls = calls + 1 WHERE id = ?", payment_id)

    def decide(self, payment_id: str, verdict: Verdict) -> None:
        """Note the verdict on a payment."""
        self._change(
            "UPDATE payments SET verdict = ?, reason = ? WHERE id = ?",
            *_kind_and_reason(verdict),
            payment_id,
        )

    def capture(self, payment_id: str) -> None:
        """Note that a payment was captured."""
        self._change("UPDATE payments SET captured = 1 WHERE id = ?", payment_id)

    def void(self, payment_id: str) -> None:
        """Note that a payment was given up."""
        self._change("UPDATE payments SET voided = 1 WHERE id = ?", payment_id)

    def refund(self, payment_id: str, amount: Money) -> None:
        """Note that so much more of a payment was given back."""
        self._change(
            "UPDATE payments SET refunded = refunded + ? WHERE id = ?", amount.amount, payment_id
        )

    def payment(self, payment_id: str) -> Booked | None:
        """Return a payment."""
        row = self._one(_PAYMENT, payment_id)
        return None if row is None else _booked(row)

    def of_reference(self, reference: UUID) -> Sequence[Booked]:
        """Return the payments of a reference, the oldest first."""
        return tuple(_all_booked(self._connection.execute(_OF_REFERENCE, (reference.hex,))))

    def page(self, span: Span, after: str | None, limit: int | None) -> Sequence[Booked]:
        """Return so many payments of a span of time after this one, the oldest first."""
        rows_at_most = -1 if limit is None else limit
        times = (_number(span.since), _number(span.until))
        if after is None:
            rows = self._connection.execute(_FIRST_PAGE, (*times, rows_at_most))
        else:
            rows = self._connection.execute(_NEXT_PAGE, (*times, after, rows_at_most))
        return tuple(_all_booked(rows))

    def _one(self, question: str, *parameters: object) -> tuple[Any, ...] | None:
        row: tuple[Any, ...] | None = self._connection.execute(question, parameters).fetchone()
        return row

    def _change(self, statement: str, *parameters: object) -> None:
        self._connection.execute(statement, parameters)


def _all_booked(rows: Iterable[tuple[Any, ...]]) -> Iterator[Booked]:
    return (_booked(row) for row in rows)


def _booked(row: tuple[Any, ...]) -> Booked:
    (
        _,
        payment_id,
        reference,
        amount,
        code,
        verdict,
        reason,
        captured,
        voided,
        refunded,
        calls,
        created_at,
    ) = row
    currency = Currency(code)
    payment = GatewayPayment(
        id=payment_id,
        reference=UUID(reference),
        amount=Money(amount=amount, currency=currency),
        verdict=_verdict(verdict, payment_id, reason),
        is_captured=captured == 1,
        is_voided=voided == 1,
        refunded=Money(amount=refunded, currency=currency),
        created_at=_moment(created_at),
    )
    return Booked(payment=payment, calls=calls)


def _kind_and_reason(verdict: Verdict | None) -> tuple[str | None, str | None]:
    if verdict is None:
        return None, None
    kind, detail = written(verdict)
    return kind, detail if isinstance(verdict, Declined) else None


def _verdict(kind: str | None, payment_id: str, reason: str) -> Verdict | None:
    match kind:
        case "approved":
            return Approved(payment_id=payment_id)
        case "challenged":
            return Challenged(payment_id=payment_id)
        case "declined":
            return Declined(reason=reason)
        case _:
            return None


def _number(moment: datetime) -> int:
    """Return a moment as microseconds, which lose nothing and sort as time does."""
    return (moment - _EPOCH) // _MICROSECOND


def _moment(number: int) -> datetime:
    return _EPOCH + number * _MICROSECOND
