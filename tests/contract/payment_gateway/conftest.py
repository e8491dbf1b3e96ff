"""The gateways that the contract suites run on."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shop.adapters.memory.payment_gateway import MemoryPaymentGateway
from shop.adapters.simulated_gateway.http.app import create_gateway_app
from shop.adapters.simulated_gateway.http_payment_gateway import HttpPaymentGateway
from shop.adapters.simulated_gateway.operations import authenticate
from shop.adapters.simulated_gateway.payment_gateway import InProcessPaymentGateway
from shop.adapters.simulated_gateway.store.sqlite_payment_store import SqlitePaymentStore
from shop.application.ports.payment_gateway import PaymentGateway
from shop.entrypoints.validation_messages import validation_message
from tests.clock import FakeClock
from tests.contract.payment_gateway.gateway_under_test import (
    IDEMPOTENCY_SECONDS,
    GatewayUnderTest,
)
from tests.contract.payment_gateway.local_stripe import LocalStripe
from tests.gateway_app import serve
from tests.timeouts import TEST_TIMEOUT_SECONDS


@pytest.fixture
def memory_gateway(clock: FakeClock) -> GatewayUnderTest:
    gateway = MemoryPaymentGateway(clock, idempotency_seconds=IDEMPOTENCY_SECONDS)

    async def take_step(payment_id: str, *, approved: bool) -> None:
        await gateway.authenticate(payment_id, approved=approved)

    return GatewayUnderTest(gateway=gateway, clock=clock, complete_challenge=take_step)


@pytest.fixture
def payment_store(tmp_path: Path, clock: FakeClock) -> SqlitePaymentStore:
    return SqlitePaymentStore(
        tmp_path / "gateway.db", clock=clock, idempotency_seconds=IDEMPOTENCY_SECONDS
    )


@pytest.fixture
async def in_process_gateway(
    payment_store: SqlitePaymentStore, clock: FakeClock
) -> AsyncIterator[GatewayUnderTest]:
    gateway = InProcessPaymentGateway(
        payment_store, clock=clock, timeout_seconds=TEST_TIMEOUT_SECONDS
    )

    async def take_step(payment_id: str, *, approved: bool) -> None:
        await payment_store.run(authenticate(payment_id, approved=approved))

    yield GatewayUnderTest(gateway=gateway, clock=clock, complete_challenge=take_step)
    await gateway.close()


@pytest.fixture
async def http_gateway(
    payment_store: SqlitePaymentStore, clock: FakeClock
) -> AsyncIterator[GatewayUnderTest]:
    async def take_step(payment_id: str, *, approved: bool) -> None:
        await payment_store.run(authenticate(payment_id, approved=approved))

    async with serve(create_gateway_app(payment_store, clock, validation_message)) as url:
        gateway = HttpPaymentGateway(url, timeout_seconds=TEST_TIMEOUT_SECONDS)
        yield GatewayUnderTest(gateway=gateway, clock=clock, complete_challenge=take_step)
        await gateway.close()


@pytest.fixture(params=["memory", "in_process", "http"])
def gateway_under_test(request: pytest.FixtureRequest) -> GatewayUnderTest:
    """Give an adapter whose gateway has never been asked anything."""
    made: GatewayUnderTest = request.getfixturevalue(f"{request.param}_gateway")
    return made


@pytest.fixture
def gateway(stripe: LocalStripe) -> PaymentGateway:
    """Return Stripe's adapter, in front of a local Stripe without payments."""
    return stripe.gateway
