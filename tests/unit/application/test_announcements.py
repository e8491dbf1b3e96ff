"""Whoever is to hear of a fact is noted with it; where nobody is, nothing is."""

import pytest

from shop.application.inventory.adjustments import AdjustStock
from shop.application.ledger.transfers import GrantCredit
from shop.application.notifications.events import WebhookEndpoint
from shop.application.orders.cancel import CancelOrder
from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.inventory import OutOfStock
from shop.domain.notification import EventType, NotificationChannel
from shop.domain.payment import CardDeclined
from shop.entrypoints.http.api.orders.schemas import OrderResponse
from tests.factories import NOW, eur
from tests.unit.application.announcing import EVERYTHING, AnnouncingShop
from tests.unit.application.memory_shop import HOLD_SECONDS, MemoryShop, count_in, place_order

pytestmark = pytest.mark.anyio

WAREHOUSE = WebhookEndpoint(
    url="https://warehouse.example.com/",
    secret="whsec_of-warehouse",
    event_types=frozenset({EventType.ORDER_PAID, EventType.STOCK_LOW}),
)


@pytest.fixture
async def adas(shop: MemoryShop, admin: SessionToken) -> SessionToken:
    del admin
    return await shop.customer("ada")


async def test_where_nobody_listens_nothing_is_written(
    shop: MemoryShop, adas: SessionToken, admin: SessionToken
) -> None:
    silent = AnnouncingShop(shop, stock_low=4)
    placed = await shop.placed(place_order(adas, ("TEA", 2)))
    await shop.container.cancel_orders().cancel(CancelOrder(session=adas, order_id=placed.order.id))
    await shop.container.inventory_service().adjust(count_in(admin, "TEA", 1))

    assert silent.dispatches == []
    assert shop.jobs == []


async def test_an_order_from_the_account_is_placed_and_paid(
    shop: MemoryShop, adas: SessionToken
) -> None:
    told = AnnouncingShop(shop, EVERYTHING)
    placed = await shop.placed(place_order(adas, ("TEA", 2)))

    assert told.topics == ["order.placed", "order.paid"]
    assert shop.jobs == ["send_webhook", "send_webhook"]
    (paid,) = [each for each in told.dispatches if each.event_type is EventType.ORDER_PAID]
    assert (paid.channel, paid.recipient, paid.attempts, paid.created_at) == (
        NotificationChannel.WEBHOOK,
        EVERYTHING.url,
        0,
        NOW,
    )
    assert told.told(EventType.ORDER_PAID) == {
        "type": "order.paid",
        "timestamp": "2026-11-21T12:00:00Z",
        "data": {
            **OrderResponse.of(placed.order, placed.payment).model_dump(mode="json"),
            "user_id": str(placed.order.user_id),
        },
    }


async def test_an_order_by_card_is_paid_once_the_card_has_answered(
    shop: MemoryShop, adas: SessionToken
) -> None:
    told = AnnouncingShop(shop, EVERYTHING)
    await shop.check_out(place_order(adas, ("TEA", 2), card="tok_timeout_after"))
    assert told.topics == ["order.placed"]
    assert told.told(EventType.ORDER_PLACED)["data"]["status"] == "pending"

    await shop.check_out(place_order(adas, ("TEA", 2), card="tok_timeout_after"))
    assert told.topics == ["order.placed", "order.paid"]
    paid = told.told(EventType.ORDER_PAID)["data"]
    assert (paid["status"], paid["payment"]) == (
        "paid",
        {"method": "card", "status": "authorised"},
    )
    assert "tok_" not in "".join(each.payload for each in told.dispatches)


async def test_a_declined_card_is_told_of(shop: MemoryShop, adas: SessionToken) -> None:
    told = AnnouncingShop(shop, EVERYTHING, mails_customers=True)
    with pytest.raises(CardDeclined):
        await shop.check_out(place_order(adas, ("TEA", 2), card="tok_declined"))

    assert told.topics == ["order.placed", "order.declined"]
    assert told.told(EventType.ORDER_DECLINED)["data"]["payment"]["status"] == "declined"


async def test_a_card_that_says_nothing_in_time_is_told_of(
    shop: MemoryShop, adas: SessionToken
) -> None:
    told = AnnouncingShop(shop, EVERYTHING, mails_customers=True)
    await shop.check_out(place_order(adas, ("TEA", 2), card="tok_authenticate"))
    await shop.clock.sleep(HOLD_SECONDS)
    await shop.work()

    assert told.topics == ["order.placed", "order.expired", "order.expired"]
    assert told.told(EventType.ORDER_EXPIRED)["data"]["status"] == "expired"


async def test_a_cancelled_order_is_told_of(shop: MemoryShop, adas: SessionToken) -> None:
    told = AnnouncingShop(shop, EVERYTHING)
    placed = await shop.placed(place_order(adas, ("TEA", 2)))
    await shop.container.cancel_orders().cancel(CancelOrder(session=adas, order_id=placed.order.id))

    assert told.topics[-1] == "order.cancelled"
    cancelled = told.told(EventType.ORDER_CANCELLED)["data"]
    assert (cancelled["status"], cancelled["payment"]["status"]) == ("cancelled", "refunded")


async def test_a_refused_order_is_not_told_of(shop: MemoryShop, adas: SessionToken) -> None:
    told = AnnouncingShop(shop, EVERYTHING, mails_customers=True, stock_low=4)
    with pytest.raises(OutOfStock):
        await shop.placed(place_order(adas, ("TEA", 6)))
    assert told.dispatches == []


async def test_an_order_that_is_replayed_is_told_of_once(
    shop: MemoryShop, adas: SessionToken
) -> None:
    told = AnnouncingShop(shop, EVERYTHING)
    for _ in range(2):
        await shop.placed(place_order(adas, ("TEA", 2)))
    assert told.topics == ["order.placed", "order.paid"]


async def test_an_endpoint_hears_of_its_topics_alone(shop: MemoryShop, adas: SessionToken) -> None:
    told = AnnouncingShop(shop, EVERYTHING, WAREHOUSE, stock_low=4)
    await shop.placed(place_order(adas, ("TEA", 2)))

    heard = sorted((each.recipient, each.event_type.value) for each in told.dispatches)
    assert heard == [
        (EVERYTHING.url, "order.paid"),
        (EVERYTHING.url, "order.placed"),
        (EVERYTHING.url, "stock.low"),
        (WAREHOUSE.url, "order.paid"),
        (WAREHOUSE.url, "stock.low"),
    ]
    assert len({each.id for each in told.dispatches}) == len(heard)


async def test_a_customer_gets_a_letter_about_a_paid_and_a_cancelled_order(
    shop: MemoryShop, adas: SessionToken
) -> None:
    told = AnnouncingShop(shop, mails_customers=True)
    placed = await shop.placed(place_order(adas, ("TEA", 2)))
    await shop.container.cancel_orders().cancel(CancelOrder(session=adas, order_id=placed.order.id))

    assert told.topics == ["order.paid", "order.cancelled"]
    assert {(each.channel, each.recipient) for each in told.dispatches} == {
        (NotificationChannel.EMAIL, str(placed.order.user_id))
    }
    assert shop.jobs == ["send_email", "send_email"]
    assert "ada@example.com" not in "".join(each.payload for each in told.dispatches)


async def test_a_credit_is_told_of(
    shop: MemoryShop, adas: SessionToken, admin: SessionToken
) -> None:
    del adas
    told = AnnouncingShop(shop, EVERYTHING)
    account = shop.account("ada")
    command = GrantCredit(
        session=admin, key="key-0001", account_id=account.id, amount=eur(7), reason="A broken cup"
    )
    reply = await shop.container.transfer_service().grant_credit(command)
    await shop.container.transfer_service().grant_credit(command)

    assert told.topics == ["account.credited"]
    assert told.told(EventType.ACCOUNT_CREDITED)["data"] == {
        "id": str(reply.unwrap().id),
        "account_id": str(account.id),
        "kind": "credit",
        "amount": {"amount": 7, "currency": "EUR"},
        "created_at": "2026-11-21T12:00:00Z",
    }


class TestLowStock:
    async def test_is_told_of_by_the_order_that_makes_it_low_and_by_no_later_one(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        told = AnnouncingShop(shop, WAREHOUSE, stock_low=3)
        for number, topics in enumerate([[], ["stock.low"], [], []]):
            before = len(told.dispatches)
            await shop.placed(place_order(adas, ("TEA", 1), key=f"key-000{number}"))
            assert told.topics[before:] == [*topics, "order.paid"]

        assert told.told(EventType.STOCK_LOW)["data"] == {
            "sku": "TEA",
            "on_hand": 3,
            "reserved": 0,
            "available": 3,
            "threshold": 3,
        }

    async def test_counts_what_is_reserved(self, shop: MemoryShop, adas: SessionToken) -> None:
        told = AnnouncingShop(shop, WAREHOUSE, stock_low=3)
        await shop.check_out(place_order(adas, ("TEA", 2), card="tok_timeout_after"))
        assert told.told(EventType.STOCK_LOW)["data"]["reserved"] == 2
        await shop.check_out(place_order(adas, ("TEA", 2), card="tok_timeout_after"))
        assert told.topics == ["stock.low", "order.paid"]

    async def test_is_told_of_again_once_it_had_risen(
        self, shop: MemoryShop, admin: SessionToken
    ) -> None:
        told = AnnouncingShop(shop, WAREHOUSE, stock_low=3)
        for delta in (-2, 1, 1, -1, -1):
            command = AdjustStock(session=admin, sku="TEA", delta=delta, reason="Count")
            await shop.container.inventory_service().adjust(command)
        assert told.topics == ["stock.low", "stock.low"]

    async def test_is_nothing_to_a_shop_without_a_threshold(
        self, shop: MemoryShop, adas: SessionToken
    ) -> None:
        told = AnnouncingShop(shop, WAREHOUSE)
        await shop.placed(place_order(adas, ("TEA", 5)))
        assert told.topics == ["order.paid"]
