"""Endpoints that fail are sent to less often, and those that are gone not at all."""

import logging
from datetime import timedelta

import pytest

from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.endpoint import MAX_FAILURES_WITHOUT_PAUSE, MAX_PAUSE
from shop.domain.notification import NotificationDeliveryStatus
from shop.domain.user import Forbidden
from tests.application.memory_shop import MemoryShop, place_order
from tests.application.notifications.notifying_shop import ALL_EVENTS, NotifyingShop

pytestmark = pytest.mark.anyio

PENDING, DELIVERED, FAILED = NotificationDeliveryStatus
A_MINUTE = timedelta(minutes=1)
ORDERS = 3


@pytest.fixture
async def ada(shop: MemoryShop, admin: SessionToken) -> SessionToken:
    del admin
    return await shop.customer("ada")


@pytest.fixture
async def notifying(shop: MemoryShop, ada: SessionToken) -> NotifyingShop:
    """Return a shop with six webhooks to send to one endpoint."""
    notifying = NotifyingShop(shop, ALL_EVENTS)
    for number in range(ORDERS):
        await shop.place(place_order(ada, ("TEA", 1), key=f"key-{number:04}"))
    return notifying


async def _send_for(notifying: NotifyingShop, time: timedelta, step: timedelta) -> None:
    until = notifying.shop.clock.now() + time
    while notifying.shop.clock.now() < until:
        await notifying.send_due()
        notifying.shop.clock.advance(step)


class TestAnEndpointThatIsGone:
    async def test_gets_no_further_webhooks(
        self, notifying: NotifyingShop, ada: SessionToken, caplog: pytest.LogCaptureFixture
    ) -> None:
        notifying.webhook_sender.script(*[410] * 100)
        with caplog.at_level(logging.ERROR):
            await notifying.send_due()
        sent = len(notifying.sent)

        await notifying.shop.place(place_order(ada, ("TEA", 1), key="key-later"))
        await _send_for(notifying, timedelta(days=1), timedelta(hours=1))

        assert len(notifying.sent) == sent == 2 * ORDERS
        assert {each.status for each in notifying.deliveries} == {FAILED}
        first, *_, last = notifying.deliveries
        assert (first.attempts, first.last_status_code, first.last_error) == (
            1,
            410,
            "answered 410",
        )
        assert (last.attempts, last.last_status_code) == (0, None)
        assert "shop notifications enable" in (last.last_error or "")
        assert notifying.shop.jobs == []
        lines = [each for each in caplog.records if each.message == "webhook_endpoint_disabled"]
        assert [vars(each)["endpoint"] for each in lines] == [ALL_EVENTS.url]

    async def test_gets_all_webhooks_once_an_operator_enables_it(
        self, notifying: NotifyingShop
    ) -> None:
        notifying.webhook_sender.script(*[410] * 2 * ORDERS)
        await notifying.send_due()
        container = notifying.shop.container
        (status,) = await container.endpoint_service().list()
        assert (status.url, status.disabled_at) == (ALL_EVENTS.url, notifying.shop.clock.now())

        assert await container.endpoint_service().enable(ALL_EVENTS.url)
        assert await container.notification_delivery_service().retry_failed() == 2 * ORDERS
        await notifying.send_due()

        assert {each.status for each in notifying.deliveries} == {DELIVERED}
        assert await container.endpoint_service().list() == []
        assert not await container.endpoint_service().enable(ALL_EVENTS.url)

    async def test_does_not_affect_another_endpoint(
        self, shop: MemoryShop, ada: SessionToken
    ) -> None:
        other = type(ALL_EVENTS)(
            url="https://other.example.com",
            secret=ALL_EVENTS.secret,
            event_types=ALL_EVENTS.event_types,
        )
        notifying = NotifyingShop(shop, ALL_EVENTS, other)
        notifying.webhook_sender.script(410)
        await shop.place(place_order(ada, ("TEA", 1), key="key-0001"))
        await notifying.send_due()
        gone = notifying.webhook_sender.requests[0].url
        for number in range(3):
            await shop.place(place_order(ada, ("TEA", 1), key=f"key-1-{number:04}"))
        await notifying.send_due()

        by_endpoint = {(each.recipient, each.status) for each in notifying.deliveries[4:]}
        (kept,) = {ALL_EVENTS.url, other.url} - {gone}
        assert by_endpoint == {(gone, FAILED), (kept, DELIVERED)}


class TestAnEndpointThatFailsForDays:
    async def test_gets_one_request_for_each_pause(self, notifying: NotifyingShop) -> None:
        notifying.webhook_sender.script(*[503] * 1000)
        await notifying.send_due()
        sent = len(notifying.sent)

        await _send_for(notifying, timedelta(days=1), timedelta(minutes=5))

        hourly = timedelta(days=1) // MAX_PAUSE
        assert sent == 2 * ORDERS
        assert hourly <= len(notifying.sent) - sent <= hourly + 10
        assert {each.status for each in notifying.deliveries} == {PENDING}

    async def test_gets_everything_once_it_answers(self, notifying: NotifyingShop) -> None:
        notifying.webhook_sender.script(*[503] * (2 * ORDERS + 3))
        await _send_for(notifying, timedelta(minutes=30), A_MINUTE)

        assert {each.status for each in notifying.deliveries} == {DELIVERED}
        assert notifying.shop.jobs == []
        assert await notifying.shop.container.endpoint_service().list() == []

    async def test_is_probed_by_one_delivery_while_others_wait(
        self, notifying: NotifyingShop
    ) -> None:
        notifying.webhook_sender.script(*[503] * (2 * ORDERS + 1))
        await notifying.send_due()
        notifying.shop.clock.advance(A_MINUTE)

        await notifying.send_due()

        assert len(notifying.sent) == 2 * ORDERS + 1
        assert sorted(each.attempts for each in notifying.deliveries) == [1] * (2 * ORDERS - 1) + [
            2
        ]

    async def test_is_not_paused_after_few_failures(self, notifying: NotifyingShop) -> None:
        few = MAX_FAILURES_WITHOUT_PAUSE - 1
        notifying.webhook_sender.script(*[503] * few)
        await notifying.send_due()
        notifying.shop.clock.advance(A_MINUTE)
        await notifying.send_due()

        assert {each.status for each in notifying.deliveries} == {DELIVERED}
        assert len(notifying.sent) == 2 * ORDERS + few


class TestStaff:
    async def test_send_a_webhook_again_during_a_pause(self, notifying: NotifyingShop) -> None:
        notifying.webhook_sender.script(*[503] * 2 * ORDERS)
        await notifying.send_due()
        service = notifying.shop.container.notification_delivery_service()
        chosen = notifying.deliveries[3]

        retried = await service.retry(notifying.shop.user("root"), chosen.id)
        await notifying.send_due()

        assert (retried.id, retried.status) == (chosen.id, PENDING)
        assert notifying.deliveries[3].status is DELIVERED

    async def test_send_a_delivered_webhook_again_under_the_same_id(
        self, notifying: NotifyingShop
    ) -> None:
        await notifying.send_due()
        delivered = notifying.deliveries[0]
        service = notifying.shop.container.notification_delivery_service()

        await service.retry(notifying.shop.user("root"), delivered.id)
        await notifying.send_due()

        ids = [each.id for each in notifying.webhook_sender.requests]
        assert ids.count(delivered.id) == 2
        assert notifying.deliveries[0].status is DELIVERED
        assert notifying.shop.jobs == []

    async def test_are_the_only_ones_to_send_again(self, notifying: NotifyingShop) -> None:
        service = notifying.shop.container.notification_delivery_service()
        before = notifying.deliveries

        with pytest.raises(Forbidden):
            await service.retry(notifying.shop.user("ada"), before[0].id)

        assert notifying.deliveries == before
