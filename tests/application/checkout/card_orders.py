"""A card order of two of tea, and its state in the shop and at the gateway."""

from datetime import timedelta

from shop.application.checkout.placed_order import PlacedOrder
from shop.application.ports.payment_gateway import GatewayPayment
from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.orders.order import OrderStatus
from shop.domain.payment import PaymentStatus
from tests.application.memory_shop import PENDING_PAYMENT_SECONDS, MemoryShop, place_order
from tests.factories import NOW

PENDING_PAYMENT_TIMEOUT = timedelta(seconds=PENDING_PAYMENT_SECONDS)

A_WHILE = timedelta(seconds=30)

A_YEAR = timedelta(days=365)


async def pay(shop: MemoryShop, token: SessionToken, card: str = "tok_visa") -> PlacedOrder:
    """Order two of the five of tea, for 200."""
    return await shop.check_out(place_order(token, ("TEA", 2), card=card))


async def gateway_payment(shop: MemoryShop) -> GatewayPayment:
    (payment,) = [each async for each in shop.gateway.list_payments(NOW - A_YEAR, NOW + A_YEAR)]
    return payment


def order_state(shop: MemoryShop) -> tuple[OrderStatus, PaymentStatus]:
    (order,) = shop.state.orders.rows.values()
    return order.status, shop.state.payments.rows[order.id].status


async def let_time_pass(shop: MemoryShop, time: timedelta = A_WHILE) -> None:
    shop.clock.advance(time)
    await shop.run_jobs()
