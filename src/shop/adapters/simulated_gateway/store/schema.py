"""The tables of the simulated gateway's file, and how records are mapped to their rows.

Files of earlier versions have the same tables, so a change needs a new `VERSION` and a migration.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, Integer, MetaData, Row, Table, Text, text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import UserDefinedType

from shop.adapters.simulated_gateway.records import StoredKey, StoredPayment
from shop.adapters.simulated_gateway.responses import from_columns, to_columns
from shop.application.ports.payment_gateway import AuthorisationResult, Declined, GatewayPayment
from shop.application.ports.unit_of_work import DatabaseUnavailable
from shop.domain.shared.money import Currency, Money

VERSION = 1

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Blob(UserDefinedType[object]):
    """A column without conversion: it holds hexadecimal digits, or the bytes of older versions."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """Return the type's name in SQL."""
        return "BLOB"


_metadata = MetaData()

payments = Table(
    "payments",
    _metadata,
    Column("position", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("reference", Text, nullable=False),
    Column("amount", Integer, CheckConstraint("amount > 0"), nullable=False),
    Column("currency", Text, nullable=False),
    Column("verdict", Text, CheckConstraint("verdict IN ('approved', 'declined', 'challenged')")),
    Column("reason", Text, CheckConstraint("(reason IS NOT NULL) = (verdict IS 'declined')")),
    Column("captured", Integer, nullable=False, server_default=text("0")),
    Column("voided", Integer, nullable=False, server_default=text("0")),
    Column("refunded", Integer, nullable=False, server_default=text("0")),
    Column("calls", Integer, nullable=False, server_default=text("1")),
    Column("created_at", Integer, nullable=False),
    CheckConstraint("captured = 0 OR verdict IS 'approved'"),
    CheckConstraint("voided = 0 OR captured = 0"),
    CheckConstraint("refunded BETWEEN 0 AND captured * amount"),
    Index("payments_reference", "reference"),
    Index("payments_created_at", "created_at"),
)

keys = Table(
    "keys",
    _metadata,
    Column("key", Text, primary_key=True),
    Column("request", Blob, nullable=False),
    Column("payment_id", Text, nullable=False),
    Column("answer", Text),
    Column("detail", Text),
    Column("due_at", Integer, nullable=False),
    Column("made_at", Integer, nullable=False),
    Index("keys_made_at", "made_at"),
    sqlite_with_rowid=False,
)


async def create_tables(connection: AsyncConnection) -> None:
    """Create the tables in an empty file; raise `DatabaseUnavailable` for a foreign file."""
    version = (await connection.exec_driver_sql("PRAGMA user_version")).scalar_one()
    tables = (await connection.exec_driver_sql("SELECT count(*) FROM sqlite_schema")).scalar_one()
    if version == 0 and tables == 0:
        await connection.run_sync(_metadata.create_all)
        await connection.exec_driver_sql(f"PRAGMA user_version={VERSION}")
    elif version != VERSION:
        raise DatabaseUnavailable("the file holds something else than the records of a gateway")


def payment_row(payment: GatewayPayment, calls: int) -> Mapping[str, Any]:
    """Return a payment as a row of its table."""
    result = payment.authorisation_result
    return {
        "id": payment.id,
        "reference": None if payment.reference is None else payment.reference.hex,
        "amount": payment.amount.amount,
        "currency": str(payment.amount.currency),
        "verdict": None if result is None else to_columns(result)[0],
        "reason": result.reason if isinstance(result, Declined) else None,
        "captured": payment.is_captured,
        "voided": payment.is_voided,
        "refunded": payment.refunded.amount,
        "calls": calls,
        "created_at": to_microseconds(payment.created_at),
    }


def stored_payment(row: Row[Any]) -> StoredPayment:
    """Return the payment in a row."""
    currency = Currency(row.currency)
    result = None if row.verdict is None else from_columns(row.verdict, row.reason or row.id)
    payment = GatewayPayment(
        id=row.id,
        reference=UUID(row.reference),
        amount=Money(amount=row.amount, currency=currency),
        authorisation_result=cast("AuthorisationResult | None", result),
        is_captured=row.captured == 1,
        is_voided=row.voided == 1,
        refunded=Money(amount=row.refunded, currency=currency),
        created_at=_from_microseconds(row.created_at),
    )
    return StoredPayment(payment=payment, calls=row.calls)


def key_row(key: str, stored: StoredKey) -> Mapping[str, Any]:
    """Return a key as a row of its table."""
    kind, detail = (None, None) if stored.response is None else to_columns(stored.response)
    return {
        "key": key,
        "request": stored.fingerprint,
        "payment_id": stored.payment_id,
        "answer": kind,
        "detail": detail,
        "due_at": to_microseconds(stored.due_at),
        "made_at": to_microseconds(stored.made_at),
    }


def stored_key(row: Row[Any]) -> StoredKey:
    """Return the key in a row."""
    return StoredKey(
        fingerprint=row.request.hex() if isinstance(row.request, bytes) else row.request,
        payment_id=row.payment_id,
        response=None if row.answer is None else from_columns(row.answer, row.detail),
        due_at=_from_microseconds(row.due_at),
        made_at=_from_microseconds(row.made_at),
    )


def to_microseconds(time: datetime) -> int:
    """Return a time as microseconds since 1970, which are exact and sort as time does."""
    return (time - _EPOCH) // _MICROSECOND


def _from_microseconds(number: int) -> datetime:
    return _EPOCH + number * _MICROSECOND
