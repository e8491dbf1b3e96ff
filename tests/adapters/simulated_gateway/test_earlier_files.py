"""Files of earlier versions of the simulated gateway stay usable.

`version_1.sql` holds such a file: a payment in each state, and a key with each kind of response.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from shop.adapters.simulated_gateway.operations import authorise, capture, refund, void
from shop.adapters.simulated_gateway.records import StoredPayment
from shop.adapters.simulated_gateway.responses import Failed, ServerError, Succeeded
from shop.adapters.simulated_gateway.store.sqlite_payment_store import SqlitePaymentStore
from shop.application.ports.payment_gateway import (
    ActionRequired,
    Approved,
    AuthorisationResult,
    Declined,
)
from tests.contract.payment_gateway.gateway_under_test import authorisation_request
from tests.contract.payment_gateway.payments import gateway_payment
from tests.factories import eur, id_of

pytestmark = pytest.mark.anyio

VERSION_1 = Path(__file__).with_name("version_1.sql")


def payment_id(number: int) -> str:
    return f"pay_{number:032}"


def approved(number: int) -> Approved:
    return Approved(payment_id=payment_id(number))


def schema_of(file: Path) -> list[tuple[object, ...]]:
    """Return the columns of all tables and the indexes of a file."""
    with closing(sqlite3.connect(file)) as connection:
        columns = connection.execute(
            "SELECT t.name, c.name, c.type, c.dflt_value, c.pk FROM sqlite_schema AS t"
            " JOIN pragma_table_info(t.name) AS c WHERE t.type = 'table' ORDER BY t.name, c.cid"
        ).fetchall()
        indexes = connection.execute(
            "SELECT name, tbl_name, sql FROM sqlite_schema WHERE type = 'index' ORDER BY name"
        ).fetchall()
    return columns + indexes


def create_earlier_file(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(VERSION_1.read_text())


@pytest.fixture
def earlier_store(payment_store: SqlitePaymentStore) -> SqlitePaymentStore:
    create_earlier_file(payment_store._file)
    return payment_store


@pytest.mark.parametrize(
    ("number", "name", "result", "changes"),
    [
        (1, "captured", approved(1), {"is_captured": True, "refunded": eur(99)}),
        (2, "voided", approved(2), {"is_voided": True}),
        (3, "declined", Declined(reason="insufficient_funds"), {}),
        (4, "challenged", ActionRequired(payment_id=payment_id(4)), {}),
        (5, "undecided", None, {}),
        (6, "faulty", approved(6), {}),
    ],
)
async def test_payments_of_an_earlier_file_are_read(
    earlier_store: SqlitePaymentStore,
    number: int,
    name: str,
    result: AuthorisationResult | None,
    changes: dict[str, object],
) -> None:
    payment = gateway_payment(
        name,
        payment_id(number),
        approved(number),
        **{"amount": eur(1999), "authorisation_result": result, **changes},
    )

    assert await earlier_store.with_reference(id_of(name)) == (
        StoredPayment(payment=payment, calls=1),
    )


async def test_requests_under_keys_of_an_earlier_file_are_replayed(
    earlier_store: SqlitePaymentStore,
) -> None:
    operations = [
        (authorise(authorisation_request("captured", "tok_visa")), approved(1)),
        (authorise(authorisation_request("voided", "tok_visa")), approved(2)),
        (
            authorise(authorisation_request("declined", "tok_insufficient")),
            Declined(reason="insufficient_funds"),
        ),
        (
            authorise(authorisation_request("challenged", "tok_authenticate")),
            ActionRequired(payment_id=payment_id(4)),
        ),
        (authorise(authorisation_request("undecided", "tok_timeout_before")), approved(5)),
        (authorise(authorisation_request("faulty", "tok_error")), ServerError()),
        (capture("captured:capture", payment_id(1), eur(1999)), Succeeded()),
        (refund("captured:refund", payment_id(1), eur(99)), Succeeded()),
        (void("captured:void", payment_id(1)), Failed(reason="captured")),
        (void("voided:void", payment_id(2)), Succeeded()),
        (refund("captured:refund", payment_id(1), eur(98)), Failed(reason="key_reused")),
    ]

    responses = [await earlier_store.run(operation) for operation, _ in operations]

    assert responses == [response for _, response in operations]
    (captured,) = await earlier_store.with_reference(id_of("captured"))
    assert (captured.payment.refunded, captured.calls) == (eur(99), 2)


async def test_new_file_has_the_tables_of_an_earlier_one(
    payment_store: SqlitePaymentStore, tmp_path: Path
) -> None:
    earlier = tmp_path / "earlier.db"
    create_earlier_file(earlier)
    await payment_store.open()

    assert schema_of(payment_store._file) == schema_of(earlier)


@pytest.mark.parametrize(
    "change",
    [
        "amount = 0",
        "verdict = 'unknown'",
        "reason = 'declined'",
        "captured = 1, verdict = NULL",
        "voided = 1, captured = 1",
        "refunded = 1, captured = 0",
        "captured = 1, refunded = 2000",
        "captured = 1, refunded = -1",
    ],
)
async def test_new_file_rejects_an_impossible_payment(
    payment_store: SqlitePaymentStore, change: str
) -> None:
    await payment_store.run(authorise(authorisation_request("order", "tok_visa")))

    with (
        closing(sqlite3.connect(payment_store._file)) as connection,
        pytest.raises(sqlite3.IntegrityError, match="CHECK"),
    ):
        connection.execute(f"UPDATE payments SET {change}")  # noqa: S608  Constants of this test.
