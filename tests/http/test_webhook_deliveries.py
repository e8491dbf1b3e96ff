"""An admin sees what endpoints were told, and what came of it."""

import pytest

from shop.domain.notification import NotificationDeliveryStatus
from tests.clock import ScriptedClock
from tests.factories import dispatch
from tests.http.shops import Shop

pytestmark = pytest.mark.anyio

PATH = "/webhook-deliveries"


@pytest.fixture
async def told(clock: ScriptedClock) -> Shop:
    """Give a shop in which one delivery waits and another has failed."""
    shop = Shop.open(clock)
    async with shop.container.unit_of_work() as uow:
        uow.notification_deliveries.add(dispatch("1"))
        failed = {
            "status": NotificationDeliveryStatus.FAILED,
            "attempts": 50,
            "last_status_code": 503,
        }
        uow.notification_deliveries.add(dispatch("2", **failed, last_error="answered 503"))
        await uow.commit()
    return shop


async def test_a_delivery_is_shown_without_its_payload(told: Shop) -> None:
    admin = await told.admin()
    answer = await admin.get(f"{PATH}?status=failed")
    assert answer.status_code == 200
    assert answer.json() == {
        "items": [
            {
                "id": str(dispatch("2").id),
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


async def test_deliveries_come_in_pages(told: Shop) -> None:
    admin = await told.admin()
    pages = await admin.pages(PATH)
    assert sorted(page[0]["id"] for page in pages) == sorted(
        str(dispatch(name).id) for name in "12"
    )


@pytest.mark.parametrize(("name", "status"), [("ada", 403), (None, 401)])
async def test_nobody_else_sees_them(told: Shop, name: str | None, status: int) -> None:
    visitor = told.visitor() if name is None else await told.customer(name)
    assert (await visitor.get(PATH)).status_code == status


async def test_a_status_that_there_is_not_is_refused(told: Shop) -> None:
    admin = await told.admin()
    assert (await admin.get(f"{PATH}?status=lost")).status_code == 422
