"""What every adapter owes the port to orders that keep a quote and details of their recipient."""

from dataclasses import replace

import pytest

from shop.application.ports.paging import PageRequest
from shop.application.ports.rows_wanted import RowsWanted
from shop.application.ports.unit_of_work import ConstraintViolated, UnitOfWork
from shop.domain.address import Address
from shop.domain.orders.order import Actor, Order, OrderStatus
from shop.domain.orders.order_details import OrderDetails
from shop.domain.orders.order_pricing import OrderPricing
from shop.domain.pricing.promotions.amount import Amount
from shop.domain.pricing.promotions.free_shipping import FreeShipping
from shop.domain.pricing.promotions.percentage import Percentage
from shop.domain.pricing.quote import quote
from shop.domain.pricing.shipping.shared_tax import SharedTax
from tests.contract.storage import Storage
from tests.domain.pricing.examples import (
    GERMANY,
    NOW,
    REDUCED,
    cart,
    line,
    method,
    promotion,
    rules,
    taxed,
)
from tests.factories import eur, id_of, order, order_filter, payment, user
from tests.factories import line as order_line

pytestmark = pytest.mark.anyio

ADA = user("ada")
BERLIN = Address(
    name="Ada Lovelace",
    line1="Invalidenstraße 1",
    line2="Hof",
    country="DE",
    postal_code="10115",
    city="Berlin",
    phone="+493012345",
)
PARIS = Address(name="Ada SA", line1="1 rue de Rivoli", country="FR", vat_number="FR40303265045")
EVERYTHING = OrderDetails(
    email="ada@straße.example",
    shipping_address=BERLIN,
    billing_address=PARIS,
    shipping_method="parcel",
)

_QUOTE = quote(
    cart(
        line(1000, 3, sku="TEA"),
        line(500, sku="CUP", tax_category=REDUCED),
        line(333, 2, sku="POT"),
        shipping_method="parcel",
    ),
    rules(
        promotion(Percentage(percentage=10_000), "ten"),
        promotion(Amount(amount=eur(4)), "less"),
        promotion(FreeShipping(), "free"),
        prices_include_tax=False,
        tax_table=taxed(),
        shipping_zones=(GERMANY,),
        shipping_methods=(method(490, tax=SharedTax()),),
    ),
    NOW,
)


def _priced(name: str = "1", details: OrderDetails = EVERYTHING) -> Order:
    lines = [
        order_line(each.sku, each.quantity, unit_price=each.unit_price) for each in _QUOTE.lines
    ]
    pricing = OrderPricing.of(_QUOTE)
    return order(ADA, name, *lines, total=_QUOTE.total, pricing=pricing, details=details)


@pytest.fixture
async def shop(storage: Storage) -> Storage:
    """Return a storage in which Ada is a customer."""
    await storage.commit(lambda uow: uow.users.add(ADA))
    return storage


async def _add(storage: Storage, *orders: Order) -> None:
    def add(uow: UnitOfWork) -> None:
        for each in orders:
            uow.orders.add(each, each.initial_status_change(actor=Actor.CUSTOMER))
            uow.payments.add(payment(each))

    await storage.commit(add)


PLAIN = order(ADA, "plain")
WITH_DETAILS = order(ADA, "with details", details=EVERYTHING.as_placed(None))


class TestOrdersThatKeepAQuote:
    async def test_they_are_read_as_they_were_added_beside_others(self, shop: Storage) -> None:
        other = _priced("2", OrderDetails(shipping_method="parcel"))
        orders = [_priced(), PLAIN, WITH_DETAILS, other]
        await _add(shop, *orders[:3])
        await _add(shop, orders[3])

        found = await shop.read(
            lambda uow: uow.orders.get_many([*(each.id for each in orders), id_of("none")])
        )

        assert found == {each.id: each for each in orders}

    async def test_page_of_orders_has_their_quotes(self, shop: Storage) -> None:
        orders = [_priced(), PLAIN, WITH_DETAILS]
        await _add(shop, *orders)

        page = await shop.read(
            lambda uow: uow.orders.search(order_filter(), PageRequest(limit=10, after=None))
        )

        assert sorted(page.items, key=lambda each: each.number) == sorted(
            orders, key=lambda each: each.number
        )

    async def test_they_keep_their_quote_when_their_status_changes(self, shop: Storage) -> None:
        placed = _priced()
        await _add(shop, placed)
        cancelled, change = placed.transition_to(OrderStatus.CANCELLED, at=NOW, actor=Actor.ADMIN)

        async def cancel(uow: UnitOfWork) -> None:
            assert await uow.orders.lock([placed.id]) == {placed.id: placed}
            uow.orders.save(cancelled, change)

        await shop.write(cancel)

        found = await shop.read(lambda uow: uow.orders.get_many([placed.id]))
        assert found == {placed.id: cancelled}

    async def test_they_can_be_read_ahead(self, shop: Storage) -> None:
        orders = {each.id: each for each in (_priced(), PLAIN)}
        await _add(shop, *orders.values())

        async def ahead(uow: UnitOfWork) -> object:
            await uow.read_ahead([RowsWanted(order_ids=list(orders))])
            return await uow.orders.get_many(list(orders))

        assert await shop.read(ahead) == orders

    async def test_one_whose_line_has_a_larger_discount_than_its_price_is_rejected(
        self, shop: Storage
    ) -> None:
        pricing = PLAIN.full_pricing
        line = replace(pricing.lines[0], discount=501)

        with pytest.raises(ConstraintViolated):
            await _add(shop, replace(PLAIN, pricing=replace(pricing, lines=(line,))))

        assert await shop.read(lambda uow: uow.orders.get_many([PLAIN.id])) == {}


async def test_order_at_net_prices_is_not_a_plain_one(shop: Storage) -> None:
    lines = tuple(replace(each, prices_include_tax=False) for each in PLAIN.full_pricing.lines)
    pricing = replace(PLAIN.full_pricing, prices_include_tax=False, lines=lines)
    net = replace(PLAIN, pricing=pricing)
    assert not pricing.is_plain
    assert PLAIN.full_pricing.is_plain

    await _add(shop, net)

    assert await shop.read(lambda uow: uow.orders.get_many([net.id])) == {net.id: net}
