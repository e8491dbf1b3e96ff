"""What every adapter owes the port to notification deliveries."""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest

from shop.application.ports.paging import Page, PageRequest, TimeCursor
from shop.application.ports.repositories.notification_deliveries import NotificationDeliveryFilter
from shop.application.ports.unit_of_work import ConstraintViolated, UnitOfWork
from shop.domain.notification import (
    EventType,
    NotificationChannel,
    NotificationDelivery,
    NotificationDeliveryStatus,
)
from tests.contract.storage import Storage
from tests.factories import NOW, id_of, notification_delivery

pytestmark = pytest.mark.anyio

LATER = NOW + timedelta(seconds=10)
WEBHOOKS = NotificationDeliveryFilter(channel=NotificationChannel.WEBHOOK, status=None)


async def add(storage: Storage, *deliveries: NotificationDelivery) -> None:
    await storage.commit(
        *(lambda uow, each=each: uow.notification_deliveries.add(each) for each in deliveries)
    )


async def found(
    storage: Storage, *deliveries: NotificationDelivery
) -> Mapping[UUID, NotificationDelivery]:
    ids = [each.id for each in deliveries]
    return await storage.read(lambda uow: uow.notification_deliveries.get_many(ids))


async def search(
    uow: UnitOfWork, page: PageRequest[TimeCursor]
) -> Page[NotificationDelivery, TimeCursor]:
    return await uow.notification_deliveries.search(WEBHOOKS, page)


async def test_delivery_is_found_with_all_its_fields(storage: Storage) -> None:
    sent = notification_delivery(
        "sent",
        event_type=EventType.STOCK_LOW,
        payload='{"data":{"name":"Tee ☕ \\"fein\\""}}',
        status=NotificationDeliveryStatus.DELIVERED,
        attempts=3,
        last_status_code=204,
        delivered_at=LATER,
    )
    missed = notification_delivery(
        "missed",
        channel=NotificationChannel.EMAIL,
        recipient=str(id_of("user ada")),
        status=NotificationDeliveryStatus.FAILED,
        attempts=50,
        last_error="no answer",
    )
    await add(storage, sent, missed)
    assert await found(storage, sent, missed, notification_delivery("unknown")) == {
        sent.id: sent,
        missed.id: missed,
    }


async def test_delivery_is_not_stored_without_a_commit(storage: Storage) -> None:
    async with storage.unit_of_work() as uow:
        uow.notification_deliveries.add(notification_delivery())
    assert await found(storage, notification_delivery()) == {}


async def test_locked_delivery_is_saved(storage: Storage) -> None:
    await add(storage, notification_delivery(), notification_delivery("2"))
    after = notification_delivery().delivered(attempt=1, status_code=200, at=LATER)

    async def save(uow: UnitOfWork) -> None:
        assert await uow.notification_deliveries.lock([notification_delivery().id]) == {
            notification_delivery().id: notification_delivery()
        }
        uow.notification_deliveries.save(after)

    await storage.write(save)
    assert await found(storage, notification_delivery(), notification_delivery("2")) == {
        after.id: after,
        notification_delivery("2").id: notification_delivery("2"),
    }


async def test_delivery_that_is_not_locked_cannot_be_saved(storage: Storage) -> None:
    await add(storage, notification_delivery())
    with pytest.raises(RuntimeError, match="was not locked"):
        await storage.commit(
            lambda uow: uow.notification_deliveries.save(notification_delivery(attempts=1))
        )
    assert await found(storage, notification_delivery()) == {
        notification_delivery().id: notification_delivery()
    }


async def test_delivered_delivery_has_a_time(storage: Storage) -> None:
    with pytest.raises(ConstraintViolated, match="ck_notification_deliveries_delivered_has_a_time"):
        await add(storage, notification_delivery(status=NotificationDeliveryStatus.DELIVERED))
    assert await found(storage, notification_delivery()) == {}


async def test_search_lists_one_channel_newest_first_in_pages(storage: Storage) -> None:
    deliveries = [
        notification_delivery(str(number), created_at=NOW + timedelta(seconds=number // 2))
        for number in range(5)
    ]
    await add(
        storage, *deliveries, notification_delivery("letter", channel=NotificationChannel.EMAIL)
    )
    listed: list[NotificationDelivery] = []
    after: TimeCursor | None = None
    for _ in range(3):
        part = await storage.read(partial(search, page=PageRequest(limit=2, after=after)))
        listed += part.items
        after = part.next
    assert after is None
    assert listed == sorted(deliveries, key=lambda each: (each.created_at, each.id), reverse=True)


async def test_search_filters_by_status(storage: Storage) -> None:
    failed = notification_delivery("failed", status=NotificationDeliveryStatus.FAILED)
    await add(storage, failed, notification_delivery())
    which = NotificationDeliveryFilter(
        channel=NotificationChannel.WEBHOOK, status=NotificationDeliveryStatus.FAILED
    )
    page = await storage.read(
        lambda uow: uow.notification_deliveries.search(which, PageRequest(limit=9, after=None))
    )
    assert page.items == [failed]


async def test_purge_removes_old_deliveries_that_are_not_pending(storage: Storage) -> None:
    old = NOW - timedelta(seconds=1)
    sent = notification_delivery(
        "sent", status=NotificationDeliveryStatus.DELIVERED, created_at=old, delivered_at=NOW
    )
    failed = notification_delivery(
        "failed", status=NotificationDeliveryStatus.FAILED, created_at=old
    )
    pending = notification_delivery("pending", created_at=old)
    new = notification_delivery("new", status=NotificationDeliveryStatus.FAILED)
    await add(storage, sent, failed, pending, new)

    purged = await storage.write(lambda uow: uow.notification_deliveries.purge(NOW))

    assert set(purged) == {sent.id, failed.id}
    assert (await found(storage, sent, failed, pending, new)).keys() == {pending.id, new.id}
