"""Orders are priced by the quote of the moment in which they are decided, and keep it."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shop.adapters.memory.engine.database import MemoryDatabase
from shop.application.catalogue.product_changes import ArchiveProduct
from shop.application.orders.cancel import CancelOrder
from shop.application.orders.fulfil import RecordShipmentEvent
from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.orders.order import OrderStatus
from shop.domain.orders.price_changed import PriceChanged
from shop.domain.orders.shipment import ShipmentEventKind
from shop.domain.payment import PaymentMethod, PaymentStatus
from shop.domain.pricing.promotions.free_shipping import FreeShipping
from shop.domain.pricing.promotions.percentage import Percentage
from shop.domain.pricing.quote_errors import (
    CodeUsedUp,
)
from shop.domain.pricing.quoted import QuotedShipping
from shop.domain.shared.errors import InvalidValue
from tests.application.checkout.priced_orders import (
    BY_PARCEL,
    TEN_PER_CENT,
    TOTAL,
    assert_rejected,
    at_the_gateway,
    order_tea,
    place,
    priced_shop,
    put_rules,
)
from tests.application.memory_shop import MemoryShop, place_order, put_product
from tests.clock import FakeClock
from tests.domain.pricing.examples import GERMANY, VAT_19, method, promotion
from tests.doubles import SequentialIds
from tests.factories import NOW, eur

pytestmark = pytest.mark.anyio


@pytest.fixture
async def shop(clock: FakeClock) -> MemoryShop:
    """Return a shop in Germany whose prices are without tax."""
    return priced_shop(clock)


@pytest.fixture
async def rules(shop: MemoryShop, admin: SessionToken) -> None:
    """Have taxes, a shipping method, and ten per cent off."""
    await put_rules(shop, admin, VAT_19, GERMANY, method(490), TEN_PER_CENT)


@pytest.fixture
async def ada(shop: MemoryShop, admin: SessionToken, rules: None) -> AsyncIterator[SessionToken]:
    """Yield the token of the customer Ada, and audit the shop after the test."""
    del admin, rules
    yield await shop.customer("ada")
    assert await shop.audit_violations() == []


class TestAPricedOrder:
    async def test_keeps_the_quote_and_who_gets_it(
        self, shop: MemoryShop, ada: SessionToken
    ) -> None:
        placed = await place(shop, order_tea(ada, expected_total=eur(TOTAL)))

        stored = shop.state.orders.rows[placed.id]
        assert stored == placed.order
        assert (stored.total, stored.details) == (eur(TOTAL), BY_PARCEL)
        assert stored.pricing is not None
        assert stored.pricing.shipping == QuotedShipping(method="parcel", name="Parcel", price=490)
        assert [each.line_shares for each in stored.discounts] == [(20,)]
        assert [(each.base, each.amount) for each in stored.pricing.taxes] == [(670, 127)]
        assert shop.balance("ada") == 1_000 - TOTAL

    async def test_is_replayed_under_its_key(
        self, shop: MemoryShop, ada: SessionToken, admin: SessionToken
    ) -> None:
        first = await place(shop, order_tea(ada))
        await put_rules(shop, admin, replace(VAT_19, rate=20_000))

        again = await place(shop, order_tea(ada))

        assert (again.order, again.payment) == (first.order, first.payment)

    async def test_that_is_paid_by_card_has_its_price_authorised(
        self, shop: MemoryShop, ada: SessionToken
    ) -> None:
        placed = await place(shop, order_tea(ada, card="tok_visa"))

        (payment,) = await at_the_gateway(shop)
        assert (placed.order.status, payment.amount) == (OrderStatus.PAID, eur(TOTAL))

    async def test_without_anything_to_pay_for_but_lines_is_a_plain_one(
        self, clock: FakeClock
    ) -> None:
        shop = MemoryShop(clock, MemoryDatabase(), SequentialIds())
        admin = await shop.admin()
        await shop.add_products(admin, TEA=5)
        later = replace(TEN_PER_CENT, starts_at=NOW + timedelta(days=1))
        await put_rules(shop, admin, later)

        placed = await place(shop, place_order(await shop.customer("ada"), ("TEA", 2)))

        assert placed.order.is_plain
        assert placed.order.total == eur(200)


async def _dearer(shop: MemoryShop, admin: SessionToken) -> None:
    await shop.container.product_service().put(put_product(admin, "TEA", 101))


async def _higher_rate(shop: MemoryShop, admin: SessionToken) -> None:
    await put_rules(shop, admin, replace(VAT_19, rate=20_000))


async def _less_off(shop: MemoryShop, admin: SessionToken) -> None:
    await put_rules(shop, admin, replace(TEN_PER_CENT, effect=Percentage(percentage=5_000)))


@pytest.mark.parametrize(
    ("change", "present"),
    [
        (_dearer, (202, 20, 490, 128, 800)),
        (_higher_rate, (200, 20, 490, 134, 804)),
        (_less_off, (200, 10, 490, 129, 809)),
    ],
)
async def test_price_rate_or_rule_that_has_changed_since_the_cart_was_shown_rejects_its_order(
    shop: MemoryShop,
    ada: SessionToken,
    admin: SessionToken,
    change: Callable[[MemoryShop, SessionToken], Any],
    present: tuple[int, ...],
) -> None:
    await change(shop, admin)
    before = shop.state

    with pytest.raises(PriceChanged) as caught:
        await place(shop, order_tea(ada, expected_total=eur(TOTAL)))

    totals = caught.value.totals
    assert totals is not None
    assert (caught.value.expected, caught.value.total) == (eur(TOTAL), totals.total)
    sums = (totals.subtotal, totals.discount, totals.shipping, totals.tax, totals.total)
    assert tuple(each.amount for each in sums) == present
    assert not totals.prices_include_tax
    assert replace(shop.state, idempotency_keys=before.idempotency_keys) == before


async def test_rule_counts_until_the_second_at_which_it_ends(
    shop: MemoryShop, ada: SessionToken, admin: SessionToken
) -> None:
    await put_rules(shop, admin, replace(TEN_PER_CENT, ends_at=NOW + timedelta(seconds=10)))
    shop.clock.advance(timedelta(seconds=10) - timedelta(microseconds=1))
    last = await place(shop, order_tea(ada))
    shop.clock.advance(timedelta(microseconds=1))
    late = order_tea(ada, key="key-0002", expected_total=eur(TOTAL))

    with pytest.raises(PriceChanged) as caught:
        await place(shop, late)

    assert (last.order.total, caught.value.total) == (eur(TOTAL), eur(821))


class TestAnOrderThatCostsNothing:
    @pytest.fixture
    async def free(self, shop: MemoryShop, admin: SessionToken, rules: None) -> None:
        del rules
        await put_rules(
            shop,
            admin,
            replace(TEN_PER_CENT, effect=Percentage(percentage=100_000)),
            promotion(FreeShipping(), "free"),
        )

    @pytest.mark.parametrize(
        "payment", [{"has_payment": False}, {"card": "tok_visa"}, {"card": None}]
    )
    async def test_is_paid_at_once_by_nothing(
        self, shop: MemoryShop, ada: SessionToken, free: None, payment: dict[str, Any]
    ) -> None:
        del free
        transfers = shop.state.transfers

        placed = await place(shop, order_tea(ada, **payment))

        assert (placed.order.status, placed.order.total) == (OrderStatus.PAID, eur(0))
        assert (placed.payment.method, placed.payment.status, placed.payment.amount) == (
            PaymentMethod.NONE,
            PaymentStatus.CAPTURED,
            eur(0),
        )
        assert shop.state.payments.rows[placed.id] == placed.payment
        assert shop.state.transfers == transfers
        assert (await at_the_gateway(shop), shop.jobs) == ([], [])
        assert shop.on_hand("TEA") == 3

    async def test_is_shipped_and_delivered(
        self, shop: MemoryShop, ada: SessionToken, admin: SessionToken, free: None
    ) -> None:
        del free
        placed = await place(shop, order_tea(ada, has_payment=False))
        for kind in (ShipmentEventKind.SHIPPED, ShipmentEventKind.DELIVERED):
            await shop.container.fulfil_orders().record(
                RecordShipmentEvent(session=admin, order_id=placed.id, kind=kind, lines=())
            )

        assert shop.state.orders.rows[placed.id].status is OrderStatus.DELIVERED

    async def test_gives_its_stock_back_when_it_is_cancelled(
        self, shop: MemoryShop, ada: SessionToken, free: None
    ) -> None:
        del free
        placed = await place(shop, order_tea(ada, has_payment=False))
        balance = shop.balance("ada")

        await shop.container.cancel_orders().cancel(CancelOrder(session=ada, order_id=placed.id))

        assert shop.state.orders.rows[placed.id].status is OrderStatus.CANCELLED
        assert shop.state.payments.rows[placed.id].status is PaymentStatus.REFUNDED
        assert (shop.on_hand("TEA"), shop.balance("ada")) == (5, balance)


async def test_order_that_costs_something_needs_a_payment(
    shop: MemoryShop, ada: SessionToken
) -> None:
    error = InvalidValue(field="payment", rule="is required for an order that costs something")
    await assert_rejected(shop, order_tea(ada, has_payment=False), error)


async def test_order_keeps_its_copies_when_its_product_is_archived(
    shop: MemoryShop, ada: SessionToken, admin: SessionToken
) -> None:
    placed = await place(shop, order_tea(ada))
    command = ArchiveProduct(session=admin, handle="TEA")
    await shop.container.product_service().archive(command)

    await shop.container.fulfil_orders().record(
        RecordShipmentEvent(
            session=admin, order_id=placed.id, kind=ShipmentEventKind.SHIPPED, lines=()
        )
    )

    stored = shop.state.orders.rows[placed.id]
    assert stored.status is OrderStatus.SHIPPED
    assert (stored.lines, stored.pricing) == (placed.order.lines, placed.order.pricing)


@pytest.mark.parametrize("limits", [{"limit": 2}, {"limit_per_customer": 1}])
async def test_group_of_orders_has_the_results_of_one_after_the_other(
    clock: FakeClock, limits: dict[str, int]
) -> None:
    results, states = [], []
    for at_once in (True, False):
        shop = priced_shop(clock, welcome_credit=10_000)
        admin = await shop.admin()
        await shop.add_products(admin, TEA=50)
        sale = promotion(
            Percentage(percentage=10_000), "sale", code="SALE", requires_code=True, **limits
        )
        await put_rules(shop, admin, VAT_19, GERMANY, method(490), sale)
        ada, bob = await shop.customer("ada"), await shop.customer("bob")
        coded = replace(BY_PARCEL, codes=("SALE",))
        commands = [
            order_tea(ada, coded, key="key-0001"),
            order_tea(ada, BY_PARCEL, key="key-0002"),
            order_tea(ada, coded, key="key-0003"),
            order_tea(bob, coded, key="key-0004", card="tok_visa"),
            order_tea(bob, coded, key="key-0005"),
        ]
        placing = shop.container.place_orders()
        if at_once:
            results.append([each.value for each in await placing.place(commands)])
        else:
            results.append([(await placing.place([each]))[0].value for each in commands])
        state = shop.state
        tables = (state.orders, state.promotion_uses, state.promotion_counters, state.inventories)
        states.append([each.rows for each in (*tables, state.accounts, state.jobs)])

    assert results[0] == results[1]
    assert states[0] == states[1]
    assert sum(isinstance(each, CodeUsedUp) for each in results[0]) == 2
