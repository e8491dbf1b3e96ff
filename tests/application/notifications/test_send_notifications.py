"""Notifications arrive at least once, and each attempt is recorded."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from shop.application.jobs.retry_policy import MAX_FAILURES
from shop.application.notifications.delivery_records import RETENTION
from shop.application.ports.paging import PageRequest, TimeCursor
from shop.application.ports.repositories.jobs import JobKind
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import CommitOutcomeUnknown
from shop.application.ports.webhook_sender import NotificationFailed
from shop.domain.address import Address
from shop.domain.endpoint import MAX_PAUSE
from shop.domain.notification import EventType, NotificationDeliveryStatus
from shop.domain.orders.order_details import OrderDetails
from shop.domain.user import Forbidden
from tests.application.memory_shop import MemoryShop, place_order
from tests.application.notifications.notifying_shop import ALL_EVENTS, NotifyingShop
from tests.factories import NOW

pytestmark = pytest.mark.anyio

A_WHILE = timedelta(minutes=10)
FIRST: PageRequest[TimeCursor] = PageRequest(limit=20, after=None)
PENDING, DELIVERED, FAILED = NotificationDeliveryStatus


@pytest.fixture
async def notifying_shop(shop: MemoryShop, admin: SessionToken) -> NotifyingShop:
    """Return a shop with a paid order of which an endpoint has to be notified."""
    del admin
    notifying_shop = NotifyingShop(shop, ALL_EVENTS)
    await shop.place(place_order(await shop.customer("ada"), ("TEA", 2)))
    return notifying_shop


@pytest.fixture
async def emailing_shop(shop: MemoryShop, admin: SessionToken) -> NotifyingShop:
    """Return a shop with a paid order of which the customer has to be notified."""
    del admin
    notifying_shop = NotifyingShop(shop, emails_customers=True)
    await shop.place(place_order(await shop.customer("ada"), ("TEA", 2)))
    return notifying_shop


async def test_endpoint_receives_the_payload_under_the_delivery_id(
    notifying_shop: NotifyingShop,
) -> None:
    assert await notifying_shop.send_due() == 2

    sent = [
        (each.id, each.payload, each.url, each.secret)
        for each in notifying_shop.webhook_sender.requests
    ]
    assert sent == [
        (each.id, each.payload, ALL_EVENTS.url, ALL_EVENTS.secret)
        for each in notifying_shop.deliveries
    ]
    assert [
        (each.status, each.attempts, each.last_status_code) for each in notifying_shop.deliveries
    ] == [(DELIVERED, 1, 200)] * 2
    assert {each.delivered_at for each in notifying_shop.deliveries} == {NOW}
    assert notifying_shop.shop.jobs == []


async def test_delivery_is_retried_under_the_same_id_until_it_arrives(
    notifying_shop: NotifyingShop,
) -> None:
    notifying_shop.webhook_sender.script(500, None)
    await notifying_shop.send_due()
    assert [
        (each.status, each.attempts, each.last_error) for each in notifying_shop.deliveries
    ] == [
        (PENDING, 1, "answered 500"),
        (PENDING, 1, "no answer"),
    ]
    assert notifying_shop.shop.jobs == ["send_webhook", "send_webhook"]

    notifying_shop.shop.clock.advance(A_WHILE)
    await notifying_shop.send_due()

    assert [
        (each.status, each.attempts, each.last_error) for each in notifying_shop.deliveries
    ] == [(DELIVERED, 2, None)] * 2
    ids = [each.id for each in notifying_shop.webhook_sender.requests]
    assert (
        sorted(ids[:2]) == sorted(ids[2:]) == sorted(each.id for each in notifying_shop.deliveries)
    )
    first = notifying_shop.webhook_sender.requests[0]
    (again,) = [each for each in notifying_shop.webhook_sender.requests[2:] if each.id == first.id]
    assert (again.sent_at - first.sent_at, again.payload) == (A_WHILE, first.payload)


async def test_delivery_fails_after_the_last_attempt_until_an_operator_retries_it(
    notifying_shop: NotifyingShop,
) -> None:
    notifying_shop.webhook_sender.script(*[503] * 2 * MAX_FAILURES)
    while {each.status for each in notifying_shop.deliveries} != {FAILED}:
        await notifying_shop.send_due()
        notifying_shop.shop.clock.advance(A_WHILE)

    assert {(each.status, each.attempts) for each in notifying_shop.deliveries} == {
        (FAILED, MAX_FAILURES)
    }
    assert notifying_shop.shop.jobs == ["send_webhook (dead)"] * 2
    assert await notifying_shop.send_due() == 0
    notifying_shop.shop.clock.advance(MAX_PAUSE)

    assert await notifying_shop.shop.container.job_service().retry_dead() == 2
    await notifying_shop.send_due()
    notifying_shop.shop.clock.advance(A_WHILE)
    await notifying_shop.send_due()

    assert {(each.status, each.attempts) for each in notifying_shop.deliveries} == {
        (DELIVERED, MAX_FAILURES + 1)
    }
    assert notifying_shop.shop.jobs == []


@pytest.mark.parametrize("place", ["commit", "committed"])
async def test_attempt_with_an_unknown_commit_outcome_counts_once(
    notifying_shop: NotifyingShop, place: str
) -> None:
    notifying_shop.webhook_sender.script(500, 500)
    fine = ("never", CommitOutcomeUnknown())
    notifying_shop.shop.faults.plan(fine, (place, CommitOutcomeUnknown("no answer")))

    await notifying_shop.send_due()

    assert [(each.status, each.attempts) for each in notifying_shop.deliveries] == [
        (PENDING, 1)
    ] * 2


async def test_worker_killed_after_sending_sends_again(notifying_shop: NotifyingShop) -> None:
    async with notifying_shop.shop.container.unit_of_work() as uow:
        now = notifying_shop.shop.clock.now()
        jobs = await uow.jobs.lease(frozenset(JobKind), now, now + A_WHILE, 9)
        await uow.commit()
    carry = notifying_shop.shop.container.send_notifications()
    await asyncio.gather(*(carry.send_webhook(job) for job in jobs))
    before = notifying_shop.deliveries

    # As if another had been at it before: it is delivered, and there is nothing left to do.
    await asyncio.gather(*(carry.send_webhook(job) for job in jobs))

    assert notifying_shop.deliveries == before
    assert len(notifying_shop.webhook_sender.requests) == 2


async def test_delivery_to_a_removed_endpoint_waits(
    shop: MemoryShop, notifying_shop: NotifyingShop
) -> None:
    without = NotifyingShop(shop)
    await without.send_due()

    assert without.webhook_sender.requests == []
    assert {(each.status, each.last_error) for each in notifying_shop.deliveries} == {
        (PENDING, "the endpoint is not in the settings")
    }
    assert shop.jobs == ["send_webhook", "send_webhook"]


async def test_customer_receives_the_email_at_the_current_address(
    emailing_shop: NotifyingShop,
) -> None:
    await emailing_shop.send_due()

    (email,) = emailing_shop.mailer.emails
    (delivery,) = emailing_shop.deliveries
    assert (
        email.id,
        email.event_type,
        email.recipient_name,
        email.recipient_email,
        email.created_at,
    ) == (
        delivery.id,
        EventType.ORDER_PAID,
        "Ada",
        "ada@example.com",
        NOW,
    )
    assert email.payload == json.loads(delivery.payload)["data"]
    assert (delivery.status, delivery.last_status_code) == (DELIVERED, 250)
    assert emailing_shop.shop.jobs == []


async def test_letter_goes_to_the_address_of_the_order_and_is_all_that_has_personal_data(
    shop: MemoryShop, admin: SessionToken
) -> None:
    del admin
    notifying_shop = NotifyingShop(shop, ALL_EVENTS, emails_customers=True)
    details = OrderDetails(
        email="office@example.com",
        shipping_address=Address(
            name="Ada Lovelace",
            line1="Invalidenstr. 1",
            country="DE",
            postal_code="10115",
            city="Berlin",
        ),
    )
    command = place_order(await shop.customer("ada"), ("TEA", 2))
    await shop.place(replace(command, details=details))

    await notifying_shop.send_due()

    (email,) = notifying_shop.mailer.emails
    assert (email.recipient_name, email.recipient_email) == ("Ada", "office@example.com")
    assert email.shipping_address[:2] == ("Ada Lovelace", "Invalidenstr. 1")
    assert (email.billing_address, email.shipping_name) == ((), None)
    payloads = "".join(each.payload for each in notifying_shop.deliveries)
    assert not any(each in payloads for each in ("office@", "Invalidenstr", "Lovelace"))


async def test_email_is_retried(emailing_shop: NotifyingShop) -> None:
    emailing_shop.mailer.script(NotificationFailed("busy", status_code=421, is_permanent=False))
    await emailing_shop.send_due()
    assert emailing_shop.shop.jobs == ["send_email"]
    emailing_shop.shop.clock.advance(A_WHILE)
    await emailing_shop.send_due()

    assert [(each.status, each.attempts) for each in emailing_shop.deliveries] == [(DELIVERED, 2)]
    assert len(emailing_shop.mailer.emails) == 1


async def test_email_to_a_rejected_mailbox_is_not_retried(emailing_shop: NotifyingShop) -> None:
    emailing_shop.mailer.script(
        NotificationFailed("no such mailbox", status_code=550, is_permanent=True)
    )
    await emailing_shop.send_due()

    (delivery,) = emailing_shop.deliveries
    assert (delivery.status, delivery.attempts, delivery.last_status_code) == (FAILED, 1, 550)
    assert emailing_shop.shop.jobs == []


class TestTheOperator:
    async def test_sees_webhook_deliveries_but_no_emails(
        self, shop: MemoryShop, notifying_shop: NotifyingShop
    ) -> None:
        root = shop.user("root")
        NotifyingShop(shop, emails_customers=True)
        await shop.place(place_order(await shop.customer("bob"), ("TEA", 2)))

        search = shop.container.notification_delivery_service().search
        assert {each.id for each in (await search(root, None, FIRST)).items} == {
            each.id for each in notifying_shop.deliveries[:2]
        }
        assert (await search(root, FAILED, FIRST)).items == []

    async def test_is_the_only_one_to_see_deliveries(self, notifying_shop: NotifyingShop) -> None:
        with pytest.raises(Forbidden):
            await notifying_shop.shop.container.notification_delivery_service().search(
                notifying_shop.shop.user("ada"), None, FIRST
            )

    async def test_purges_old_deliveries_and_their_jobs(
        self, notifying_shop: NotifyingShop
    ) -> None:
        notifying_shop.webhook_sender.script(200, *[500] * MAX_FAILURES)
        while notifying_shop.shop.jobs != ["send_webhook (dead)"]:
            await notifying_shop.send_due()
            notifying_shop.shop.clock.advance(A_WHILE)
        sweep = notifying_shop.shop.container.notification_delivery_service().purge
        assert await sweep() == 0
        notifying_shop.shop.clock.advance(RETENTION)

        assert await sweep() == 2
        assert notifying_shop.deliveries == []
        assert notifying_shop.shop.jobs == []

    async def test_keeps_pending_deliveries(self, notifying_shop: NotifyingShop) -> None:
        notifying_shop.shop.clock.advance(2 * RETENTION)
        assert await notifying_shop.shop.container.notification_delivery_service().purge() == 0
        await notifying_shop.send_due()
        assert {each.status for each in notifying_shop.deliveries} == {DELIVERED}
