"""What every adapter owes the port to the statuses of webhook endpoints."""

import pytest

from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.endpoint import EndpointStatus
from tests.contract.storage import Storage
from tests.factories import NOW, notification_delivery

pytestmark = pytest.mark.anyio

FAILING = EndpointStatus(
    url="https://b.example.com/?key=1", failures=7, paused_until=NOW, disabled_at=None
)
GONE = EndpointStatus(url="https://a.example.com", failures=0, paused_until=None, disabled_at=NOW)
BOTH = [GONE.url, FAILING.url]


async def _add(storage: Storage, *statuses: EndpointStatus) -> None:
    def add(uow: UnitOfWork) -> None:
        for each in statuses:
            uow.endpoint_statuses.add(each)

    await storage.commit(add)


async def test_statuses_are_found_as_they_were_added(storage: Storage) -> None:
    await _add(storage, FAILING, GONE)

    urls = [*BOTH, "https://c.example.com"]
    found = await storage.read(lambda uow: uow.endpoint_statuses.get_many(urls))

    assert found == {FAILING.url: FAILING, GONE.url: GONE}
    assert await storage.read(lambda uow: uow.endpoint_statuses.get_many([])) == {}
    assert await storage.read(lambda uow: uow.endpoint_statuses.list()) == [GONE, FAILING]


async def test_second_status_of_an_endpoint_is_not_added(storage: Storage) -> None:
    await _add(storage, FAILING)

    await _add(storage, EndpointStatus.working(FAILING.url), GONE)

    assert await storage.read(lambda uow: uow.endpoint_statuses.list()) == [GONE, FAILING]


async def test_locked_status_is_saved(storage: Storage) -> None:
    await _add(storage, FAILING, GONE)
    disabled = FAILING.disabled(NOW)

    async def disable(uow: UnitOfWork) -> None:
        await uow.notification_deliveries.lock([notification_delivery().id])
        assert await uow.endpoint_statuses.lock([FAILING.url]) == {FAILING.url: FAILING}
        uow.endpoint_statuses.save(disabled)

    await storage.write(disable)

    assert await storage.read(lambda uow: uow.endpoint_statuses.list()) == [GONE, disabled]


async def test_status_that_is_not_locked_cannot_be_saved(storage: Storage) -> None:
    await _add(storage, FAILING)

    async with storage.unit_of_work() as uow:
        await uow.endpoint_statuses.get_many(BOTH)
        with pytest.raises(RuntimeError):
            uow.endpoint_statuses.save(FAILING.disabled(NOW))

    assert await storage.read(lambda uow: uow.endpoint_statuses.list()) == [FAILING]
