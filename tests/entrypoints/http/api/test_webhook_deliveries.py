"""Admins can list webhook deliveries with their status."""

import pytest

from shop.domain.notification import NotificationChannel, NotificationDeliveryStatus
from tests.clock import FakeClock
from tests.entrypoints.http.clients import HttpShop, assert_problem
from tests.factories import id_of, notification_delivery

pytestmark = pytest.mark.anyio

PATH = "/webhook-deliveries"


@pytest.fixture
async def notifying_shop(clock: FakeClock) -> HttpShop:
    """Return a shop with a pending and a failed delivery."""
    shop = HttpShop.open(clock)
    async with shop.container.unit_of_work() as uow:
        uow.notification_deliveries.add(notification_delivery("1"))
        failed = {
            "status": NotificationDeliveryStatus.FAILED,
            "attempts": 50,
            "last_status_code": 503,
        }
        uow.notification_deliveries.add(
            notification_delivery("2", **failed, last_error="answered 503")
        )
        await uow.commit()
    return shop


async def test_delivery_is_shown_without_its_payload(notifying_shop: HttpShop) -> None:
    admin = await notifying_shop.admin()
    response = await admin.get(f"{PATH}?status=failed")
    assert response.status_code == 200
    assert response.json() == {
        "items": [
            {
                "id": str(notification_delivery("2").id),
                "event": "order.paid",
                "endpoint": "https://example.com/hook",
                "status": "failed",
                "attempts": 50,
                "last_status_code": 503,
                "last_error": "answered 503",
                "created_at": "2026-11-21T12:00:00Z",
                "delivered_at": None,
            }
        ],
        "next": None,
    }


async def test_deliveries_are_listed_in_pages(notifying_shop: HttpShop) -> None:
    admin = await notifying_shop.admin()
    pages = await admin.pages(PATH)
    assert sorted(page[0]["id"] for page in pages) == sorted(
        str(notification_delivery(name).id) for name in "12"
    )


@pytest.mark.parametrize(("name", "status"), [("ada", 403), (None, 401)])
async def test_only_admins_see_deliveries(
    notifying_shop: HttpShop, name: str | None, status: int
) -> None:
    browser = notifying_shop.browser() if name is None else await notifying_shop.customer(name)
    assert (await browser.get(PATH)).status_code == status


async def test_unknown_status_is_rejected(notifying_shop: HttpShop) -> None:
    admin = await notifying_shop.admin()
    assert (await admin.get(f"{PATH}?status=lost")).status_code == 422


class TestSendingAgain:
    async def test_makes_a_failed_delivery_pending_and_due(self, notifying_shop: HttpShop) -> None:
        admin = await notifying_shop.admin()
        delivery_id = notification_delivery("2").id
        response = await admin.post(f"{PATH}/{delivery_id}/retry")
        assert response.status_code == 202
        assert (response.json()["id"], response.json()["status"]) == (str(delivery_id), "pending")
        assert (await admin.get(f"{PATH}?status=failed")).json()["items"] == []
        (job,) = notifying_shop.database.state.jobs.rows.values()
        assert (job.id.subject_id, job.due_at) == (delivery_id, notifying_shop.clock.now())

    async def test_of_an_unknown_delivery_or_an_email_is_rejected(
        self, notifying_shop: HttpShop
    ) -> None:
        admin = await notifying_shop.admin()
        email = notification_delivery("3", channel=NotificationChannel.EMAIL)
        async with notifying_shop.container.unit_of_work() as uow:
            uow.notification_deliveries.add(email)
            await uow.commit()
        await admin.get("/session")
        with notifying_shop.unchanged():
            for each in (id_of("none"), email.id):
                response = await admin.post(f"{PATH}/{each}/retry")
                assert_problem(response, 404, "webhook-delivery-not-found")

    @pytest.mark.parametrize(("name", "status"), [("ada", 403), (None, 401)])
    async def test_is_for_admins_only(
        self, notifying_shop: HttpShop, name: str | None, status: int
    ) -> None:
        browser = notifying_shop.browser() if name is None else await notifying_shop.customer(name)
        delivery_id = notification_delivery("2").id
        with notifying_shop.unchanged():
            response = await browser.post(f"{PATH}/{delivery_id}/retry")
            assert response.status_code == status
