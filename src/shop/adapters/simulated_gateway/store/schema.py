"""The tables of the simulated gateway's file, and how records are mapped to their rows.

Files of earlier versions have the same tables, so a change needs a new `VERSION` and a migration.
"""

import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

from shop.adapters.simulated_gateway.records import StoredKey, StoredPayment
from shop.adapters.simulated_gateway.responses import from_columns, to_columns
from shop.application.ports.payment_gateway import AuthorisationResult, Declined, GatewayPayment
from shop.application.ports.unit_of_work import DatabaseUnavailable
from shop.domain.shared.money import Currency, Money

VERSION = 1

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


_CREATE_TABLES = (
    """
    CREATE TABLE payments (
        position INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        reference TEXT NOT NULL,
        amount INTEGER NOT NULL CHECK (amount > 0),
        currency TEXT NOT NULL,
        verdict TEXT CHECK (verdict IN ('approved', 'declined', 'challenged')),
        reason TEXT CHECK ((reason IS NOT NULL) = (verdict IS 'declined')),
        captured INTEGER NOT NULL DEFAULT 0 CHECK (captured = 0 OR verdict IS 'approved'),
        voided INTEGER NOT NULL DEFAULT 0 CHECK (voided = 0 OR captured = 0),
        refunded INTEGER NOT NULL DEFAULT 0 CHECK (refunded BETWEEN 0 AND captured * amount),
        calls INTEGER NOT NULL DEFAULT 1,
        created_at INTEGER NOT NULL
    )
    """,
    "CREATE INDEX payments_reference ON payments (reference)",
    "CREATE INDEX payments_created_at ON payments (created_at)",
    """
    CREATE TABLE keys (
        key TEXT PRIMARY KEY,
        request BLOB NOT NULL,
        payment_id TEXT NOT NULL,
        answer TEXT,
        detail TEXT,
        due_at INTEGER NOT NULL,
        made_at INTEGER NOT NULL
    ) WITHOUT ROWID
    """,
    "CREATE INDEX keys_made_at ON keys (made_at)",
)


def create_tables(connection: sqlite3.Connection) -> None:
    """Create the tables in an empty file; raise `DatabaseUnavailable` for a foreign file."""
    ((version,),) = connection.execute("PRAGMA user_version")
    ((tables,),) = connection.execute("SELECT count(*) FROM sqlite_schema")
    if version == 0 and tables == 0:
        for statement in _CREATE_TABLES:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version={VERSION}")
    elif version != VERSION:
        raise DatabaseUnavailable("the file holds something else than the records of a gateway")


def write_again(connection: sqlite3.Connection) -> None:
    """Write what is stored already; raise `DatabaseUnavailable` for a foreign file."""
    create_tables(connection)
    connection.execute(f"PRAGMA user_version={VERSION}")


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


def stored_payment(row: Mapping[str, Any]) -> StoredPayment:
    """Return the payment in a row."""
    currency = Currency(row["currency"])
    result = (
        None if row["verdict"] is None else from_columns(row["verdict"], row["reason"] or row["id"])
    )
    payment = GatewayPayment(
        id=row["id"],
        reference=UUID(row["reference"]),
        amount=Money(amount=row["amount"], currency=currency),
        authorisation_result=cast("AuthorisationResult | None", result),
        is_captured=row["captured"] == 1,
        is_voided=row["voided"] == 1,
        refunded=Money(amount=row["refunded"], currency=currency),
        created_at=_from_microseconds(row["created_at"]),
    )
    return StoredPayment(payment=payment, calls=row["calls"])


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


def stored_key(row: Mapping[str, Any]) -> StoredKey:
    """Return the key in a row."""
    return StoredKey(
        fingerprint=row["request"],
        payment_id=row["payment_id"],
        response=None if row["answer"] is None else from_columns(row["answer"], row["detail"]),
        due_at=_from_microseconds(row["due_at"]),
        made_at=_from_microseconds(row["made_at"]),
    )


def to_microseconds(time: datetime) -> int:
    """Return a time as microseconds since 1970, which are exact and sort as time does."""
    return (time - _EPOCH) // _MICROSECOND


def _from_microseconds(number: int) -> datetime:
    return _EPOCH + number * _MICROSECOND
