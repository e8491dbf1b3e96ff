"""Whoever announcements are brought to."""

from collections.abc import AsyncIterator

import pytest

from tests.carriers.receiver import Receiver


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Give an endpoint that listens."""
    receiver = Receiver()
    await receiver.open()
    yield receiver
    await receiver.close()
