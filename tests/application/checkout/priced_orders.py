"""Orders in a shop with taxes, shipping and promotions."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shop.adapters.memory.engine.database import MemoryDatabase
from shop.application.checkout.placed_order import PlacedOrder
from shop.application.checkout.placement_batch import PlaceOrder
from shop.application.ports.payment_gateway import GatewayPayment
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.pricing.rule_documents import PutRule
from shop.domain.address import Address
from shop.domain.orders.order_details import OrderDetails
from shop.domain.pricing.promotions.percentage import Percentage
from shop.domain.pricing.promotions.promotion import Promotion
from shop.domain.pricing.rule_document import Rule
from shop.domain.shared.errors import ShopError
from tests.application.memory_shop import MemoryShop, place_order
from tests.clock import FakeClock
from tests.domain.pricing.examples import promotion
from tests.doubles import SequentialIds
from tests.factories import NOW

BERLIN = Address(
    name="Ada Lovelace",
    line1="Invalidenstraße 1",
    country="DE",
    postal_code="10115",
    city="Berlin",
)
BY_PARCEL = OrderDetails(email="ada@example.com", shipping_address=BERLIN, shipping_method="parcel")
TEN_PER_CENT = promotion(Percentage(percentage=10_000), "ten")
TOTAL = 797
"""Two of tea at 100, less 10 per cent, and a parcel at 490, with 19 % of VAT on top."""


def priced_shop(clock: FakeClock, **settings: Any) -> MemoryShop:  # noqa: ANN401  Several types.
    """Return a shop in Germany whose prices are without tax."""
    return MemoryShop(
        clock,
        MemoryDatabase(),
        SequentialIds(),
        country="DE",
        prices_include_tax=False,
        **settings,
    )


async def put_rules(shop: MemoryShop, admin: SessionToken, *rules: Rule) -> None:
    for each in rules:
        await shop.container.rule_service().put(PutRule(session=admin, rule=each))


def by_code(slug: str, code: str, **changes: object) -> Promotion:
    """Return ten per cent off for those who have a code."""
    effect = Percentage(percentage=10_000)
    return promotion(effect, slug, code=code, requires_code=True, **changes)


def order_tea(
    token: SessionToken,
    details: OrderDetails = BY_PARCEL,
    **changes: Any,  # noqa: ANN401  Fields.
) -> PlaceOrder:
    return replace(place_order(token, ("TEA", 2)), details=details, **changes)


async def place(shop: MemoryShop, command: PlaceOrder) -> PlacedOrder:
    """Place an order as a request does, whose details are checked beforehand."""
    return (await shop.container.checkout().place(command)).unwrap()


async def assert_rejected(shop: MemoryShop, command: PlaceOrder, error: ShopError) -> None:
    """Require that an order is rejected: stored are its key, and the hits of rate limits."""
    before = shop.state
    with pytest.raises(type(error)) as caught:
        await place(shop, command)
    assert caught.value == error
    keys, hits = before.idempotency_keys, before.rate_limits
    assert replace(shop.state, idempotency_keys=keys, rate_limits=hits) == before
    assert (shop.outcome("ada") is not None) is error.is_final


async def at_the_gateway(shop: MemoryShop) -> list[GatewayPayment]:
    day = timedelta(days=1)
    return [each async for each in shop.gateway.list_payments(NOW - day, NOW + day)]
