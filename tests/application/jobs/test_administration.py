"""Jobs: what the operator can do with them."""

from datetime import timedelta

import pytest

from shop.application.ports.repositories.session_store import SessionToken
from tests.application.memory_shop import MemoryShop, place_order
from tests.clock import FakeClock

pytestmark = pytest.mark.anyio


async def test_overdue_jobs_of_a_restored_shop_are_due_from_now_on(
    shop: MemoryShop, ada_token: SessionToken, clock: FakeClock
) -> None:
    await shop.check_out(place_order(ada_token, ("TEA", 1), card="tok_timeout_after"))
    service = shop.container.job_service()
    clock.advance(timedelta(minutes=10))
    assert await service.oldest_due_age() > timedelta(minutes=9)

    assert await service.restart_overdue() == 1

    assert [job.due_at for job in await service.list(dead_only=False)] == [clock.now()]
    assert await service.oldest_due_age() == timedelta()
    assert await service.restart_overdue() == 0
