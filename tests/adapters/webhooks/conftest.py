"""A receiver of webhooks."""

from collections.abc import AsyncIterator

import pytest

from tests.adapters.webhooks.webhook_receiver import WebhookReceiver


@pytest.fixture
async def receiver() -> AsyncIterator[WebhookReceiver]:
    """Yield an endpoint that listens."""
    receiver = WebhookReceiver()
    await receiver.open()
    yield receiver
    await receiver.close()
