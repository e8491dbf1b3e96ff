"""Announcements arrive at least once, and it is known of each how far it has come."""

import asyncio
import json
from datetime import timedelta

import pytest

from shop.application.jobs.retry_policy import MAX_FAILURES
from shop.application.notifications.deliveries import RETENTION
from shop.application.ports.paging import PageRequest, TimeCursor
from shop.application.ports.repositories.jobs import JobKind
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import CommitOutcomeUnknown
from shop.application.ports.webhook_sender import NotificationFailed
from shop.domain.notification import EventType, NotificationDeliveryStatus
from shop.domain.user import Forbidden
from tests.factories import NOW
from tests.unit.application.announcing import EVERYTHING, AnnouncingShop
from tests.unit.application.memory_shop import MemoryShop, place_order

pytestmark = pytest.mark.anyio

A_WHILE = timedelta(minutes=10)
FIRST: PageRequest[TimeCursor] = PageRequest(limit=20, after=None)
PENDING, DELIVERED, FAILED = NotificationDeliveryStatus


@pytest.fixture
async def told(shop: MemoryShop, admin: SessionToken) -> AnnouncingShop:
    """Give a shop in which an order is placed and paid, of which an endpoint is to hear."""
    del admin
    told = AnnouncingShop(shop, EVERYTHING)
    await shop.placed(place_order(await shop.customer("ada"), ("TEA", 2)))
    return told


@pytest.fixture
async def letters(shop: MemoryShop, admin: SessionToken) -> AnnouncingShop:
    """Give a shop in which an order is paid, of which the customer is to hear."""
    del admin
    told = AnnouncingShop(shop, mails_customers=True)
    await shop.placed(place_order(await shop.customer("ada"), ("TEA", 2)))
    return told


async def test_an_endpoint_gets_the_payload_under_the_id_of_the_dispatch(
    told: AnnouncingShop,
) -> None:
    assert await told.work() == 2

    sent = [(each.id, each.payload, each.url, each.secret) for each in told.courier.requests]
    assert sent == [
        (each.id, each.payload, EVERYTHING.url, EVERYTHING.secret) for each in told.dispatches
    ]
    assert [(each.status, each.attempts, each.last_status_code) for each in told.dispatches] == [
        (DELIVERED, 1, 200)
    ] * 2
    assert {each.delivered_at for each in told.dispatches} == {NOW}
    assert told.shop.jobs == []


async def test_it_is_tried_again_under_the_same_id_until_it_arrives(told: AnnouncingShop) -> None:
    told.courier.script(500, None)
    await told.work()
    assert [(each.status, each.attempts, each.last_error) for each in told.dispatches] == [
        (PENDING, 1, "answered 500"),
        (PENDING, 1, "no answer"),
    ]
    assert told.shop.jobs == ["send_webhook", "send_webhook"]

    told.shop.clock.advance(A_WHILE)
    await told.work()

    assert [(each.status, each.attempts, each.last_error) for each in told.dispatches] == [
        (DELIVERED, 2, None)
    ] * 2
    ids = [each.id for each in told.courier.requests]
    assert sorted(ids[:2]) == sorted(ids[2:]) == sorted(each.id for each in told.dispatches)
    first = told.courier.requests[0]
    (again,) = [each for each in told.courier.requests[2:] if each.id == first.id]
    assert (again.sent_at - first.sent_at, again.payload) == (A_WHILE, first.payload)


async def test_after_the_last_attempt_it_has_failed_until_an_operator_revives_it(
    told: AnnouncingShop,
) -> None:
    told.courier.script(*[503] * 2 * MAX_FAILURES)
    for _ in range(MAX_FAILURES):
        assert {each.status for each in told.dispatches} == {PENDING}
        await told.work()
        told.shop.clock.advance(A_WHILE)

    assert {(each.status, each.attempts) for each in told.dispatches} == {(FAILED, MAX_FAILURES)}
    assert told.shop.jobs == ["send_webhook (dead)"] * 2
    assert await told.work() == 0

    assert await told.shop.container.job_service().retry_dead() == 2
    await told.work()

    assert {(each.status, each.attempts) for each in told.dispatches} == {
        (DELIVERED, MAX_FAILURES + 1)
    }
    assert told.shop.jobs == []


@pytest.mark.parametrize("place", ["commit", "committed"])
async def test_an_attempt_whose_record_is_not_answered_counts_once(
    told: AnnouncingShop, place: str
) -> None:
    told.courier.script(500, 500)
    fine = ("never", CommitOutcomeUnknown())
    told.shop.mishaps.plan(fine, (place, CommitOutcomeUnknown("no answer")))

    await told.work()

    assert [(each.status, each.attempts) for each in told.dispatches] == [(PENDING, 1)] * 2


async def test_a_worker_that_died_after_delivering_delivers_again(told: AnnouncingShop) -> None:
    async with told.shop.container.unit_of_work() as uow:
        now = told.shop.clock.now()
        jobs = await uow.jobs.lease(frozenset(JobKind), now, now + A_WHILE, 9)
        await uow.commit()
    carry = told.shop.container.send_notifications()
    await asyncio.gather(*(carry.send_webhook(job) for job in jobs))
    before = told.dispatches

    # As if another had been at it before: it is delivered, and there is nothing left to do.
    await asyncio.gather(*(carry.send_webhook(job) for job in jobs))

    assert told.dispatches == before
    assert len(told.courier.requests) == 2


async def test_an_endpoint_that_the_operator_has_taken_out_is_waited_for(
    shop: MemoryShop, told: AnnouncingShop
) -> None:
    without = AnnouncingShop(shop)
    await without.work()

    assert without.courier.requests == []
    assert {(each.status, each.last_error) for each in told.dispatches} == {
        (PENDING, "the endpoint is not in the settings")
    }
    assert shop.jobs == ["send_webhook", "send_webhook"]


async def test_a_customer_gets_a_letter_at_the_address_of_now(letters: AnnouncingShop) -> None:
    await letters.work()

    (letter,) = letters.mailer.emails
    (dispatch,) = letters.dispatches
    assert (
        letter.id,
        letter.event_type,
        letter.recipient_name,
        letter.recipient_email,
        letter.created_at,
    ) == (
        dispatch.id,
        EventType.ORDER_PAID,
        "Ada",
        "ada@example.com",
        NOW,
    )
    assert letter.payload == json.loads(dispatch.payload)["data"]
    assert (dispatch.status, dispatch.last_status_code) == (DELIVERED, 250)
    assert letters.shop.jobs == []


async def test_a_letter_is_tried_again(letters: AnnouncingShop) -> None:
    letters.mailer.script(NotificationFailed("busy", status_code=421, is_permanent=False))
    await letters.work()
    assert letters.shop.jobs == ["send_email"]
    letters.shop.clock.advance(A_WHILE)
    await letters.work()

    assert [(each.status, each.attempts) for each in letters.dispatches] == [(DELIVERED, 2)]
    assert len(letters.mailer.emails) == 1


async def test_a_letter_to_a_mailbox_that_is_refused_is_not(letters: AnnouncingShop) -> None:
    letters.mailer.script(NotificationFailed("no such mailbox", status_code=550, is_permanent=True))
    await letters.work()

    (dispatch,) = letters.dispatches
    assert (dispatch.status, dispatch.attempts, dispatch.last_status_code) == (FAILED, 1, 550)
    assert letters.shop.jobs == []


class TestTheOperator:
    async def test_sees_deliveries_and_no_letters(
        self, shop: MemoryShop, told: AnnouncingShop
    ) -> None:
        root = shop.user("root")
        AnnouncingShop(shop, mails_customers=True)
        await shop.placed(place_order(await shop.customer("bob"), ("TEA", 2)))

        search = shop.container.notification_delivery_service().search
        assert {each.id for each in (await search(root, None, FIRST)).items} == {
            each.id for each in told.dispatches[:2]
        }
        assert (await search(root, FAILED, FIRST)).items == []

    async def test_alone_sees_them(self, told: AnnouncingShop) -> None:
        with pytest.raises(Forbidden):
            await told.shop.container.notification_delivery_service().search(
                told.shop.user("ada"), None, FIRST
            )

    async def test_forgets_what_is_over_for_long_and_its_jobs(self, told: AnnouncingShop) -> None:
        told.courier.script(200, *[500] * MAX_FAILURES)
        for _ in range(MAX_FAILURES):
            await told.work()
            told.shop.clock.advance(A_WHILE)
        assert told.shop.jobs == ["send_webhook (dead)"]
        sweep = told.shop.container.notification_delivery_service().purge
        assert await sweep() == 0
        told.shop.clock.advance(RETENTION)

        assert await sweep() == 2
        assert told.dispatches == []
        assert told.shop.jobs == []

    async def test_keeps_what_is_on_its_way(self, told: AnnouncingShop) -> None:
        told.shop.clock.advance(2 * RETENTION)
        assert await told.shop.container.notification_delivery_service().purge() == 0
        await told.work()
        assert {each.status for each in told.dispatches} == {DELIVERED}
