"""Dispatches, whatever keeps them."""

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
from tests.contract.stores import Stores
from tests.factories import NOW, an_id, dispatch

pytestmark = pytest.mark.anyio

LATER = NOW + timedelta(seconds=10)
WEBHOOKS = NotificationDeliveryFilter(channel=NotificationChannel.WEBHOOK, status=None)


async def add(stores: Stores, *dispatches: NotificationDelivery) -> None:
    await stores.commit(
        *(lambda uow, each=each: uow.notification_deliveries.add(each) for each in dispatches)
    )


async def found(
    stores: Stores, *dispatches: NotificationDelivery
) -> Mapping[UUID, NotificationDelivery]:
    ids = [each.id for each in dispatches]
    return await stores.see(lambda uow: uow.notification_deliveries.get_many(ids))


async def search(
    uow: UnitOfWork, page: PageRequest[TimeCursor]
) -> Page[NotificationDelivery, TimeCursor]:
    return await uow.notification_deliveries.search(WEBHOOKS, page)


async def test_a_dispatch_is_kept_with_all_that_it_has(stores: Stores) -> None:
    sent = dispatch(
        "sent",
        event_type=EventType.STOCK_LOW,
        payload='{"data":{"name":"Tee ☕ \\"fein\\""}}',
        status=NotificationDeliveryStatus.DELIVERED,
        attempts=3,
        last_status_code=204,
        delivered_at=LATER,
    )
    missed = dispatch(
        "missed",
        channel=NotificationChannel.EMAIL,
        recipient=str(an_id("user ada")),
        status=NotificationDeliveryStatus.FAILED,
        attempts=50,
        last_error="no answer",
    )
    await add(stores, sent, missed)
    assert await found(stores, sent, missed, dispatch("nobody's")) == {
        sent.id: sent,
        missed.id: missed,
    }


async def test_a_dispatch_that_is_not_committed_is_none(stores: Stores) -> None:
    async with stores.unit_of_work() as uow:
        uow.notification_deliveries.add(dispatch())
    assert await found(stores, dispatch()) == {}


async def test_a_locked_dispatch_is_saved(stores: Stores) -> None:
    await add(stores, dispatch(), dispatch("2"))
    after = dispatch().delivered(attempt=1, status_code=200, at=LATER)

    async def save(uow: UnitOfWork) -> None:
        assert await uow.notification_deliveries.lock([dispatch().id]) == {
            dispatch().id: dispatch()
        }
        uow.notification_deliveries.save(after)

    await stores.change(save)
    assert await found(stores, dispatch(), dispatch("2")) == {
        after.id: after,
        dispatch("2").id: dispatch("2"),
    }


async def test_what_was_not_locked_is_not_saved(stores: Stores) -> None:
    await add(stores, dispatch())
    with pytest.raises(RuntimeError, match="was not locked"):
        await stores.commit(lambda uow: uow.notification_deliveries.save(dispatch(attempts=1)))
    assert await found(stores, dispatch()) == {dispatch().id: dispatch()}


async def test_what_is_delivered_has_a_time(stores: Stores) -> None:
    with pytest.raises(ConstraintViolated, match="ck_notification_deliveries_delivered_has_a_time"):
        await add(stores, dispatch(status=NotificationDeliveryStatus.DELIVERED))
    assert await found(stores, dispatch()) == {}


async def test_a_list_has_those_of_one_channel_the_newest_first_in_pages(stores: Stores) -> None:
    made = [
        dispatch(str(number), created_at=NOW + timedelta(seconds=number // 2))
        for number in range(5)
    ]
    await add(stores, *made, dispatch("letter", channel=NotificationChannel.EMAIL))
    listed: list[NotificationDelivery] = []
    after: TimeCursor | None = None
    for _ in range(3):
        part = await stores.see(partial(search, page=PageRequest(limit=2, after=after)))
        listed += part.items
        after = part.next
    assert after is None
    assert listed == sorted(made, key=lambda each: (each.created_at, each.id), reverse=True)


async def test_a_list_may_be_of_one_status(stores: Stores) -> None:
    failed = dispatch("failed", status=NotificationDeliveryStatus.FAILED)
    await add(stores, failed, dispatch())
    which = NotificationDeliveryFilter(
        channel=NotificationChannel.WEBHOOK, status=NotificationDeliveryStatus.FAILED
    )
    page = await stores.see(
        lambda uow: uow.notification_deliveries.search(which, PageRequest(limit=9, after=None))
    )
    assert page.items == [failed]


async def test_what_is_old_and_not_pending_is_swept(stores: Stores) -> None:
    old = NOW - timedelta(seconds=1)
    sent = dispatch(
        "sent", status=NotificationDeliveryStatus.DELIVERED, created_at=old, delivered_at=NOW
    )
    failed = dispatch("failed", status=NotificationDeliveryStatus.FAILED, created_at=old)
    pending = dispatch("pending", created_at=old)
    new = dispatch("new", status=NotificationDeliveryStatus.FAILED)
    await add(stores, sent, failed, pending, new)

    swept = await stores.change(lambda uow: uow.notification_deliveries.purge(NOW))

    assert set(swept) == {sent.id, failed.id}
    assert (await found(stores, sent, failed, pending, new)).keys() == {pending.id, new.id}
