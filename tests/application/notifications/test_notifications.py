"""Notifications are stored with the change that they report, one for each recipient."""

import pytest
from pydantic import TypeAdapter

from shop.application.inventory.adjustments import AdjustStock
from shop.application.ledger.transfer_batch import GrantCredit
from shop.application.notifications.events import WebhookEndpoint
from shop.application.orders.cancel import CancelOrder
from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.inventory import OutOfStock
from shop.domain.notification import EventType, NotificationChannel
from shop.domain.payment import CardDeclined
from shop.entrypoints.http.api.orders.schemas import OrderResponse
from tests.application.memory_shop import (
    PENDING_PAYMENT_SECONDS,
    MemoryShop,
    add_stock,
    place_order,
)
from tests.application.notifications.notifying_shop import ALL_EVENTS, NotifyingShop
from tests.factories import NOW, eur

pytestmark = pytest.mark.anyio

WAREHOUSE_ENDPOINT = WebhookEndpoint(
    url="https://warehouse.example.com/",
    secret="whsec_of-warehouse",
    event_types=frozenset({EventType.ORDER_PAID, EventType.STOCK_LOW}),
)


@pytest.fixture
async def ada_token(shop: MemoryShop, admin: SessionToken) -> SessionToken:
    del admin
    return await shop.customer("ada")


async def test_shop_without_recipients_stores_no_notifications(
    shop: MemoryShop, ada_token: SessionToken, admin: SessionToken
) -> None:
    silent = NotifyingShop(shop, low_stock_threshold=4)
    placed = await shop.place(place_order(ada_token, ("TEA", 2)))
    await shop.container.cancel_orders().cancel(
        CancelOrder(session=ada_token, order_id=placed.order.id)
    )
    await shop.container.inventory_service().adjust(add_stock(admin, "TEA", 1))

    assert silent.deliveries == []
    assert shop.jobs == []


async def test_order_paid_from_the_account_is_notified_as_placed_and_paid(
    shop: MemoryShop, ada_token: SessionToken
) -> None:
    notifying = NotifyingShop(shop, ALL_EVENTS)
    placed = await shop.place(place_order(ada_token, ("TEA", 2)))

    assert notifying.event_types == ["order.placed", "order.paid"]
    assert shop.jobs == ["send_webhook", "send_webhook"]
    (paid,) = [each for each in notifying.deliveries if each.event_type is EventType.ORDER_PAID]
    assert (paid.channel, paid.recipient, paid.attempts, paid.created_at) == (
        NotificationChannel.WEBHOOK,
        ALL_EVENTS.url,
        0,
        NOW,
    )
    response = TypeAdapter(OrderResponse).dump_python(
        OrderResponse.of(placed.order, placed.payment),
        mode="json",
        exclude={
            "refunded": True,
            "lines": {"__all__": {"shipped", "refunded"}},
            **dict.fromkeys(("email", "shipping_address", "billing_address"), True),
        },
    )
    assert notifying.payload_of(EventType.ORDER_PAID) == {
        "type": "order.paid",
        "timestamp": "2026-11-21T12:00:00Z",
        "data": {
            **response,
            "user_id": str(placed.order.user_id),
        },
    }


async def test_card_order_is_notified_as_paid_after_the_approval(
    shop: MemoryShop, ada_token: SessionToken
) -> None:
    notifying = NotifyingShop(shop, ALL_EVENTS)
    await shop.check_out(place_order(ada_token, ("TEA", 2), card="tok_timeout_after"))
    assert notifying.event_types == ["order.placed"]
    assert notifying.payload_of(EventType.ORDER_PLACED)["data"]["status"] == "pending"

    await shop.check_out(place_order(ada_token, ("TEA", 2), card="tok_timeout_after"))
    assert notifying.event_types == ["order.placed", "order.paid"]
    paid = notifying.payload_of(EventType.ORDER_PAID)["data"]
    assert (paid["status"], paid["payment"]) == (
        "paid",
        {"method": "card", "status": "authorised"},
    )
    assert "tok_" not in "".join(each.payload for each in notifying.deliveries)


async def test_declined_order_is_notified(shop: MemoryShop, ada_token: SessionToken) -> None:
    notifying = NotifyingShop(shop, ALL_EVENTS, emails_customers=True)
    with pytest.raises(CardDeclined):
        await shop.check_out(place_order(ada_token, ("TEA", 2), card="tok_declined"))

    assert notifying.event_types == ["order.placed", "order.declined"]
    assert notifying.payload_of(EventType.ORDER_DECLINED)["data"]["payment"]["status"] == "declined"


async def test_expired_order_is_notified(shop: MemoryShop, ada_token: SessionToken) -> None:
    notifying = NotifyingShop(shop, ALL_EVENTS, emails_customers=True)
    await shop.check_out(place_order(ada_token, ("TEA", 2), card="tok_authenticate"))
    await shop.clock.sleep(PENDING_PAYMENT_SECONDS)
    await shop.run_jobs()

    assert notifying.event_types == ["order.placed", "order.expired", "order.expired"]
    assert notifying.payload_of(EventType.ORDER_EXPIRED)["data"]["status"] == "expired"


async def test_cancelled_order_is_notified(shop: MemoryShop, ada_token: SessionToken) -> None:
    notifying = NotifyingShop(shop, ALL_EVENTS)
    placed = await shop.place(place_order(ada_token, ("TEA", 2)))
    await shop.container.cancel_orders().cancel(
        CancelOrder(session=ada_token, order_id=placed.order.id)
    )

    assert notifying.event_types[-1] == "order.cancelled"
    cancelled = notifying.payload_of(EventType.ORDER_CANCELLED)["data"]
    assert (cancelled["status"], cancelled["payment"]["status"]) == ("cancelled", "refunded")


async def test_rejected_order_is_not_notified(shop: MemoryShop, ada_token: SessionToken) -> None:
    notifying = NotifyingShop(shop, ALL_EVENTS, emails_customers=True, low_stock_threshold=4)
    with pytest.raises(OutOfStock):
        await shop.place(place_order(ada_token, ("TEA", 6)))
    assert notifying.deliveries == []


async def test_replayed_order_is_notified_once(shop: MemoryShop, ada_token: SessionToken) -> None:
    notifying = NotifyingShop(shop, ALL_EVENTS)
    for _ in range(2):
        await shop.place(place_order(ada_token, ("TEA", 2)))
    assert notifying.event_types == ["order.placed", "order.paid"]


async def test_endpoint_receives_only_its_event_types(
    shop: MemoryShop, ada_token: SessionToken
) -> None:
    notifying = NotifyingShop(shop, ALL_EVENTS, WAREHOUSE_ENDPOINT, low_stock_threshold=4)
    await shop.place(place_order(ada_token, ("TEA", 2)))

    notified = sorted((each.recipient, each.event_type.value) for each in notifying.deliveries)
    assert notified == [
        (ALL_EVENTS.url, "order.paid"),
        (ALL_EVENTS.url, "order.placed"),
        (ALL_EVENTS.url, "stock.low"),
        (WAREHOUSE_ENDPOINT.url, "order.paid"),
        (WAREHOUSE_ENDPOINT.url, "stock.low"),
    ]
    assert len({each.id for each in notifying.deliveries}) == len(notified)


async def test_customer_receives_emails_about_paid_and_cancelled_orders(
    shop: MemoryShop, ada_token: SessionToken
) -> None:
    notifying = NotifyingShop(shop, emails_customers=True)
    placed = await shop.place(place_order(ada_token, ("TEA", 2)))
    await shop.container.cancel_orders().cancel(
        CancelOrder(session=ada_token, order_id=placed.order.id)
    )

    assert notifying.event_types == ["order.paid", "order.cancelled"]
    assert {(each.channel, each.recipient) for each in notifying.deliveries} == {
        (NotificationChannel.EMAIL, str(placed.order.user_id))
    }
    assert shop.jobs == ["send_email", "send_email"]
    assert "ada@example.com" not in "".join(each.payload for each in notifying.deliveries)


async def test_granted_credit_is_notified(
    shop: MemoryShop, ada_token: SessionToken, admin: SessionToken
) -> None:
    del ada_token
    notifying = NotifyingShop(shop, ALL_EVENTS)
    account = shop.account("ada")
    command = GrantCredit(
        session=admin, key="key-0001", account_id=account.id, amount=eur(7), reason="A broken cup"
    )
    reply = await shop.container.transfer_service().grant_credit(command)
    await shop.container.transfer_service().grant_credit(command)

    assert notifying.event_types == ["account.credited"]
    assert notifying.payload_of(EventType.ACCOUNT_CREDITED)["data"] == {
        "id": str(reply.unwrap().id),
        "account_id": str(account.id),
        "kind": "credit",
        "amount": {"amount": 7, "currency": "EUR"},
        "created_at": "2026-11-21T12:00:00Z",
    }


class TestLowStock:
    async def test_is_notified_once_by_the_order_that_reaches_the_threshold(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        notifying = NotifyingShop(shop, WAREHOUSE_ENDPOINT, low_stock_threshold=3)
        for number, topics in enumerate([[], ["stock.low"], [], []]):
            before = len(notifying.deliveries)
            await shop.place(place_order(ada_token, ("TEA", 1), key=f"key-000{number}"))
            assert notifying.event_types[before:] == [*topics, "order.paid"]

        assert notifying.payload_of(EventType.STOCK_LOW)["data"] == {
            "sku": "TEA",
            "on_hand": 3,
            "reserved": 0,
            "available": 3,
            "threshold": 3,
        }

    async def test_counts_reserved_stock(self, shop: MemoryShop, ada_token: SessionToken) -> None:
        notifying = NotifyingShop(shop, WAREHOUSE_ENDPOINT, low_stock_threshold=3)
        await shop.check_out(place_order(ada_token, ("TEA", 2), card="tok_timeout_after"))
        assert notifying.payload_of(EventType.STOCK_LOW)["data"]["reserved"] == 2
        await shop.check_out(place_order(ada_token, ("TEA", 2), card="tok_timeout_after"))
        assert notifying.event_types == ["stock.low", "order.paid"]

    async def test_is_notified_again_after_stock_has_risen(
        self, shop: MemoryShop, admin: SessionToken
    ) -> None:
        notifying = NotifyingShop(shop, WAREHOUSE_ENDPOINT, low_stock_threshold=3)
        for delta in (-2, 1, 1, -1, -1):
            command = AdjustStock(session=admin, sku="TEA", delta=delta, reason="Count")
            await shop.container.inventory_service().adjust(command)
        assert notifying.event_types == ["stock.low", "stock.low"]

    async def test_is_not_notified_without_a_threshold(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        notifying = NotifyingShop(shop, WAREHOUSE_ENDPOINT)
        await shop.place(place_order(ada_token, ("TEA", 5)))
        assert notifying.event_types == ["order.paid"]
