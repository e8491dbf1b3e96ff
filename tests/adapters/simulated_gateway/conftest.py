"""The simulated gateway's store, and a client of its app without a socket."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from shop.adapters.simulated_gateway.http.app import create_gateway_app
from shop.adapters.simulated_gateway.store.sqlite_payment_store import SqlitePaymentStore
from shop.entrypoints.validation_messages import validation_message
from tests.adapters.simulated_gateway.stored_payments import store_in
from tests.clock import FakeClock


@pytest.fixture
async def payment_store(tmp_path: Path, clock: FakeClock) -> AsyncIterator[SqlitePaymentStore]:
    store = store_in(tmp_path, clock)
    yield store
    await store.close()


@pytest.fixture
async def client(
    payment_store: SqlitePaymentStore, clock: FakeClock
) -> AsyncIterator[httpx2.AsyncClient]:
    """Give a client of the gateway's own HTTP API."""
    transport = httpx2.ASGITransport(
        app=create_gateway_app(payment_store, clock, validation_message)
    )
    async with httpx2.AsyncClient(transport=transport, base_url="http://gateway") as made:
        yield made
