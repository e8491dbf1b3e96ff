"""The simulated gateway's books, its app without a socket, and its process."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from shop.adapters.simulated_gateway.http.app import GatewayApp
from shop.adapters.simulated_gateway.payment_store import PaymentStore
from tests.clock import FakeClock

IDEMPOTENCY_SECONDS = 3600.0


@pytest.fixture
async def payment_store(tmp_path: Path, clock: FakeClock) -> AsyncIterator[PaymentStore]:
    store = PaymentStore(
        tmp_path / "gateway.db", clock=clock, idempotency_seconds=IDEMPOTENCY_SECONDS
    )
    yield store
    await store.close()


@pytest.fixture
async def client(
    payment_store: PaymentStore, clock: FakeClock
) -> AsyncIterator[httpx2.AsyncClient]:
    """Give a client of the gateway's own HTTP API."""
    transport = httpx2.ASGITransport(app=GatewayApp(payment_store, clock))
    async with httpx2.AsyncClient(transport=transport, base_url="http://gateway") as made:
        yield made
