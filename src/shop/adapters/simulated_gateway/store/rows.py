"""The entries: the rows of the books, as one transaction sees and changes them."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from shop.adapters.simulated_gateway.responses import SimulatedResponse, from_columns, to_columns
from shop.application.ports.payment_gateway import (
    ActionRequired,
    Approved,
    AuthorisationRequest,
    AuthorisationResult,
    Declined,
    GatewayPayment,
)
from shop.domain.shared.money import Currency, Money

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

_PAYMENT = "SELECT * FROM payments WHERE id = ?"
_WITH_REFERENCE = "SELECT * FROM payments WHERE reference = ? ORDER BY created_at, position"
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
class StoredPayment:
    """A payment, and how many requests to authorise it have arrived."""

    payment: GatewayPayment
    calls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeRange:
    """A span of time, its end excluded."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKey:
    """What is known of a key: what was asked under it, and what was answered, if that is."""

    fingerprint: bytes
    payment_id: str
    response: SimulatedResponse | None
    due_at: datetime


class PaymentRows:
    """The rows of the books within a transaction, at a moment."""

    def __init__(self, connection: sqlite3.Connection, now: datetime) -> None:
        self._connection = connection
        self.now = now

    def key(self, key: str) -> StoredKey | None:
        """Return what is remembered of a key."""
        row = self._fetch_one(
            "SELECT request, payment_id, answer, detail, due_at FROM keys WHERE key = ?", key
        )
        if row is None:
            return None
        fingerprint, payment_id, response_kind, detail, due_at = row
        return StoredKey(
            fingerprint=fingerprint,
            payment_id=payment_id,
            response=None if response_kind is None else from_columns(response_kind, detail),
            due_at=_from_microseconds(due_at),
        )

    def add_key(
        self,
        key: str,
        fingerprint: bytes,
        payment_id: str,
        response: SimulatedResponse | None,
        *,
        delay_seconds: float = 0,
    ) -> None:
        """Note a key with what was asked and answered; or else when that is to be decided."""
        due_at = self.now + timedelta(seconds=delay_seconds)
        kind, detail = (None, None) if response is None else to_columns(response)
        times = (_to_microseconds(due_at), _to_microseconds(self.now))
        self._execute(_ADD_KEY, key, fingerprint, payment_id, kind, detail, *times)

    def set_response(self, key: str, response: SimulatedResponse) -> None:
        """Note what is answered from now on to whoever comes with this key."""
        self._execute(
            "UPDATE keys SET answer = ?, detail = ? WHERE key = ?", *to_columns(response), key
        )

    def delete_keys_before(self, time: datetime) -> None:
        """Forget the keys that are older than this."""
        self._execute("DELETE FROM keys WHERE made_at <= ?", _to_microseconds(time))

    def add_payment(
        self, payment_id: str, request: AuthorisationRequest, result: AuthorisationResult | None
    ) -> None:
        """Add a payment, decided or not."""
        self._execute(
            _ADD_PAYMENT,
            payment_id,
            request.reference.hex,
            request.amount.amount,
            request.amount.currency,
            *_result_columns(result),
            _to_microseconds(self.now),
        )

    def count_call(self, payment_id: str) -> None:
        """Note that one more request to authorise this payment has arrived."""
        self._execute("UPDATE payments SET calls = calls + 1 WHERE id = ?", payment_id)

    def set_result(self, payment_id: str, result: AuthorisationResult) -> None:
        """Note the verdict on a payment."""
        self._execute(
            "UPDATE payments SET verdict = ?, reason = ? WHERE id = ?",
            *_result_columns(result),
            payment_id,
        )

    def capture(self, payment_id: str) -> None:
        """Note that a payment was captured."""
        self._execute("UPDATE payments SET captured = 1 WHERE id = ?", payment_id)

    def void(self, payment_id: str) -> None:
        """Note that a payment was given up."""
        self._execute("UPDATE payments SET voided = 1 WHERE id = ?", payment_id)

    def refund(self, payment_id: str, amount: Money) -> None:
        """Note that so much more of a payment was given back."""
        self._execute(
            "UPDATE payments SET refunded = refunded + ? WHERE id = ?", amount.amount, payment_id
        )

    def payment(self, payment_id: str) -> StoredPayment | None:
        """Return a payment."""
        row = self._fetch_one(_PAYMENT, payment_id)
        return None if row is None else _stored_payment(row)

    def with_reference(self, reference: UUID) -> Sequence[StoredPayment]:
        """Return the payments of a reference, the oldest first."""
        return tuple(_stored_payments(self._connection.execute(_WITH_REFERENCE, (reference.hex,))))

    def page(
        self, time_range: TimeRange, after: str | None, limit: int | None
    ) -> Sequence[StoredPayment]:
        """Return so many payments of a span of time after this one, the oldest first."""
        rows_at_most = -1 if limit is None else limit
        times = (_to_microseconds(time_range.since), _to_microseconds(time_range.until))
        if after is None:
            rows = self._connection.execute(_FIRST_PAGE, (*times, rows_at_most))
        else:
            rows = self._connection.execute(_NEXT_PAGE, (*times, after, rows_at_most))
        return tuple(_stored_payments(rows))

    def _fetch_one(self, query: str, *parameters: object) -> tuple[Any, ...] | None:
        row: tuple[Any, ...] | None = self._connection.execute(query, parameters).fetchone()
        return row

    def _execute(self, statement: str, *parameters: object) -> None:
        self._connection.execute(statement, parameters)


def _stored_payments(rows: Iterable[tuple[Any, ...]]) -> Iterator[StoredPayment]:
    return (_stored_payment(row) for row in rows)


def _stored_payment(row: tuple[Any, ...]) -> StoredPayment:
    (
        _,
        payment_id,
        reference,
        amount,
        code,
        result_kind,
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
        authorisation_result=_result(result_kind, payment_id, reason),
        is_captured=captured == 1,
        is_voided=voided == 1,
        refunded=Money(amount=refunded, currency=currency),
        created_at=_from_microseconds(created_at),
    )
    return StoredPayment(payment=payment, calls=calls)


def _result_columns(result: AuthorisationResult | None) -> tuple[str | None, str | None]:
    if result is None:
        return None, None
    kind, detail = to_columns(result)
    return kind, detail if isinstance(result, Declined) else None


def _result(kind: str | None, payment_id: str, reason: str) -> AuthorisationResult | None:
    match kind:
        case "approved":
            return Approved(payment_id=payment_id)
        case "challenged":
            return ActionRequired(payment_id=payment_id)
        case "declined":
            return Declined(reason=reason)
        case _:
            return None


def _to_microseconds(time: datetime) -> int:
    """Return a moment as microseconds, which lose nothing and sort as time does."""
    return (time - _EPOCH) // _MICROSECOND


def _from_microseconds(number: int) -> datetime:
    return _EPOCH + number * _MICROSECOND
