"""What every adapter owes the search for orders."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shop.application.ports.paging import Page, PageRequest, TimeCursor
from shop.application.ports.repositories.orders import OrderFilter
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.orders.order import Actor, Order
from shop.domain.orders.order_details import OrderDetails
from tests.contract.storage import Storage
from tests.factories import NOW, line, order, order_filter, payment, user

pytestmark = pytest.mark.anyio

ADA, BOB = user("ada"), user("bob")
LATER = NOW + timedelta(hours=1)


@pytest.fixture
async def customers(storage: Storage) -> Storage:
    """Return a storage with the users Ada and Bob."""
    await storage.commit(lambda uow: uow.users.add(ADA), lambda uow: uow.users.add(BOB))
    return storage


async def _add(storage: Storage, *orders: Order) -> None:
    def add(uow: UnitOfWork) -> None:
        for each in orders:
            uow.orders.add(each, each.initial_status_change(actor=Actor.CUSTOMER))
            uow.payments.add(payment(each))

    await storage.commit(add)


async def _search(
    storage: Storage, which: OrderFilter, limit: int = 100, after: TimeCursor | None = None
) -> Page[Order, TimeCursor]:
    page = PageRequest(limit=limit, after=after)
    return await storage.read(lambda uow: uow.orders.search(which, page))


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("order-1", ["1"]),
        ("ORDER-1", ["1"]),
        ("order", []),
        ("tea", ["3", "1"]),
        ("te", []),
        ("ada@example.com", ["2", "1"]),
        ("AD", ["2", "1"]),
        ("da@example", []),
        ("%", []),
    ],
)
async def test_finds_number_sku_and_beginning_of_address(
    customers: Storage, words: str, found: list[str]
) -> None:
    placed = {
        "1": order(ADA, "1", line("TEA"), line("POT")),
        "2": order(ADA, "2", line("CUP"), placed_at=LATER),
        "3": order(BOB, "3", line("TEA"), placed_at=LATER + timedelta(hours=1)),
    }
    await _add(customers, *placed.values())

    page = await _search(customers, order_filter(words=words))

    assert page == Page(items=[placed[each] for each in found], next=None)


@pytest.mark.parametrize(
    ("words", "found"),
    [("boss@company.example", ["1"]), ("STRASSE", ["2"]), ("stra\u00dfe@", ["2"]), ("company", [])],
)
async def test_finds_the_beginning_of_an_address_of_its_own(
    customers: Storage, words: str, found: list[str]
) -> None:
    placed = {
        "1": order(ADA, "1", details=OrderDetails(email="Boss@company.example")),
        "2": order(BOB, "2", details=OrderDetails(email="Stra\u00dfe@example.com")),
        "3": order(BOB, "3", placed_at=LATER),
    }
    await _add(customers, *placed.values())

    page = await _search(customers, order_filter(words=words))

    assert page == Page(items=[placed[each] for each in found], next=None)


@pytest.mark.parametrize(
    "words",
    [
        "7Q4M-2XKD-9R0B",
        "7q4m-2xkd-9r0b",
        "7Q4M2XKD9R0B",
        "7q4m2xKD9r0b",
        "7Q4M2XKD-9R0B",
        "7q4m 2xkd 9r0b",
        " 7Q4M\u20112XKD\u20139R0B ",
    ],
)
async def test_finds_a_number_however_it_is_written(customers: Storage, words: str) -> None:
    wanted = order(ADA, "1", number="7Q4M-2XKD-9R0B")
    await _add(customers, wanted, order(ADA, "2", number="7Q4M-2XKD-9R0C"))

    assert await _search(customers, order_filter(words=words)) == Page(items=[wanted], next=None)


@pytest.mark.parametrize("words", ["7Q4M-2XKD-9R0", "7Q4M2XKD9R0", "7Q4M2XKD9R0BB", "-"])
async def test_finds_no_part_of_a_number(customers: Storage, words: str) -> None:
    await _add(customers, order(ADA, "1", number="7Q4M-2XKD-9R0B"))

    assert await _search(customers, order_filter(words=words)) == Page(items=[], next=None)


async def test_filters_apply_together(customers: Storage) -> None:
    orders = [
        order(user, f"{hour}", line("TEA"), placed_at=NOW + timedelta(hours=hour))
        for hour, user in enumerate([ADA, BOB, ADA, ADA, BOB])
    ]
    await _add(customers, *orders)
    between = order_filter(words="tea", placed_after=NOW, placed_before=NOW + timedelta(hours=4))

    first = await _search(customers, between, limit=2)
    second = await _search(customers, between, limit=2, after=first.next)
    adas = await _search(customers, replace(between, user_id=ADA.id, words="ada"))

    assert first.items == [orders[3], orders[2]]
    assert second == Page(items=[orders[1]], next=None)
    assert adas == Page(items=[orders[3], orders[2]], next=None)
