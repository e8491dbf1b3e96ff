"""A store of the simulated gateway, and what it has stored."""

from datetime import timedelta
from pathlib import Path

from shop.adapters.simulated_gateway.store.sqlite_payment_store import SqlitePaymentStore
from shop.application.ports.clock import Clock
from shop.application.ports.paging import TimeRange
from tests.factories import NOW

IDEMPOTENCY_SECONDS = 3600.0

DAY = timedelta(days=1)


def store_in(folder: Path, clock: Clock) -> SqlitePaymentStore:
    return SqlitePaymentStore(
        folder / "gateway.db", clock=clock, idempotency_seconds=IDEMPOTENCY_SECONDS
    )


async def all_calls(payment_store: SqlitePaymentStore) -> dict[str, int]:
    years = 3650 * DAY
    page = await payment_store.page(
        TimeRange(since=NOW - years, until=NOW + years), after=None, limit=None
    )
    return {each.payment.id: each.calls for each in page}
