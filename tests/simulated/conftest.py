"""The simulated gateway's books, its app without a socket, and its process."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from shop.adapters.simulated_gateway.http.app import GatewayApp
from shop.adapters.simulated_gateway.payment_store import PaymentStore
from tests.clock import ScriptedClock

KEY_SECONDS = 3600.0


@pytest.fixture
async def books(tmp_path: Path, clock: ScriptedClock) -> AsyncIterator[PaymentStore]:
    made = PaymentStore(tmp_path / "gateway.db", clock=clock, idempotency_seconds=KEY_SECONDS)
    yield made
    await made.close()


@pytest.fixture
async def client(books: PaymentStore, clock: ScriptedClock) -> AsyncIterator[httpx2.AsyncClient]:
    """Give a client of the gateway's own HTTP API."""
    transport = httpx2.ASGITransport(app=GatewayApp(books, clock))
    async with httpx2.AsyncClient(transport=transport, base_url="http://gateway") as made:
        yield made
