"""What every adapter owes the port to orders, their payments and their history."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest

from shop.application.ports.paging import Page, PageRequest, TimeCursor, TimeRange
from shop.application.ports.repositories.orders import OrderFilter, OrderTotals
from shop.application.ports.unit_of_work import ConstraintViolated, TransientFailure, UnitOfWork
from shop.domain.orders.order import Actor, Order, OrderStatus, StatusChange
from shop.domain.payment import Payment, PaymentMethod, PaymentStatus
from shop.domain.shared.idempotency_key import IdempotencyKey
from shop.domain.shared.money import Currency
from tests.contract.storage import Storage
from tests.factories import (
    NOW,
    card_details,
    eur,
    id_of,
    key_of,
    line,
    order,
    order_filter,
    payment,
    user,
)

pytestmark = pytest.mark.anyio

ADA, BOB = user("ada"), user("bob")
LATER = NOW + timedelta(hours=1)
USD = Currency("USD")
EVERYTHING = order_filter()


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


async def _save(uow: UnitOfWork, state: Order, event: StatusChange) -> None:
    await uow.orders.lock([state.id])
    uow.orders.save(state, event)


async def _stored(storage: Storage, *orders: Order) -> Mapping[UUID, Order]:
    return await storage.read(lambda uow: uow.orders.get_many([each.id for each in orders]))


async def _search(
    storage: Storage,
    which: OrderFilter = EVERYTHING,
    limit: int = 100,
    after: TimeCursor | None = None,
) -> Page[Order, TimeCursor]:
    page = PageRequest(limit=limit, after=after)
    return await storage.read(lambda uow: uow.orders.search(which, page))


class TestOrders:
    async def test_orders_are_found_by_id_as_they_were_added(self, customers: Storage) -> None:
        first = order(ADA, "1", line("TEA", 2), line("POT", 1, name="Pöt", unit_price=eur(999)))
        second = order(BOB, "2", status=OrderStatus.PENDING, payment_method=PaymentMethod.CARD)
        await _add(customers, first, second)

        found = await customers.read(
            lambda uow: uow.orders.get_many([second.id, id_of("none"), first.id])
        )

        assert found == {first.id: first, second.id: second}
        assert await customers.read(lambda uow: uow.orders.get_many([])) == {}

    async def test_lines_keep_their_order(self, customers: Storage) -> None:
        skus = ["TEA", "CUP", "POT", "ZEN", "ABC", *(f"S{n}" for n in range(15))]
        long = order(ADA, "1", *(line(sku, n + 1) for n, sku in enumerate(skus)))
        await _add(customers, long, order(ADA, "2", line("ABC"), line("CUP")))

        stored = (await _stored(customers, long))[long.id]

        assert [each.sku for each in stored.lines] == skus
        assert stored == long

    async def test_locked_order_is_saved_and_its_history_grows(self, customers: Storage) -> None:
        placed, other = order(ADA, "1", line("TEA", 2)), order(BOB, "2")
        await _add(customers, placed, other)
        shipped, shipping = placed.transition_to(OrderStatus.SHIPPED, at=LATER, actor=Actor.ADMIN)

        async def ship(uow: UnitOfWork) -> None:
            assert await uow.orders.lock([placed.id, id_of("none")]) == {placed.id: placed}
            uow.orders.save(shipped, shipping)

        await customers.write(ship)

        assert await _stored(customers, placed, other) == {placed.id: shipped, other.id: other}
        history = await customers.read(lambda uow: uow.orders.history(placed.id))
        assert history == [placed.initial_status_change(actor=Actor.CUSTOMER), shipping]

    async def test_order_that_is_not_locked_cannot_be_saved(self, customers: Storage) -> None:
        placed = order(ADA)
        await _add(customers, placed)
        cancelled, event = placed.transition_to(OrderStatus.CANCELLED, at=LATER, actor=Actor.ADMIN)

        async with customers.unit_of_work() as uow:
            await uow.orders.get_many([placed.id])
            with pytest.raises(RuntimeError):
                uow.orders.save(cancelled, event)

        assert await _stored(customers, placed) == {placed.id: placed}

    async def test_order_of_an_unknown_user_is_rejected(self, customers: Storage) -> None:
        orphan = order(user("unknown"))

        with pytest.raises(ConstraintViolated):
            await _add(customers, orphan)

        assert await _stored(customers, orphan) == {}

    async def test_second_order_with_the_same_number_is_rejected(self, customers: Storage) -> None:
        placed = order(ADA, "1")
        await _add(customers, placed)
        twin = order(BOB, "2", number=placed.number)

        with pytest.raises(ConstraintViolated):
            await _add(customers, twin)

        assert await _stored(customers, placed, twin) == {placed.id: placed}

    async def test_adding_an_order_under_a_used_key_raises_a_transient_failure(
        self, customers: Storage
    ) -> None:
        placed = order(ADA, "1")
        await _add(customers, placed)
        twin = order(ADA, "2", idempotency_key=placed.idempotency_key)

        with pytest.raises(TransientFailure):
            await _add(customers, order(ADA, "3"), twin)

        assert (await _search(customers)).items == [placed]

    async def test_two_users_may_use_the_same_key(self, customers: Storage) -> None:
        adas = order(ADA, "1", idempotency_key=key_of(ADA, "the-same-key"))
        bobs = order(BOB, "2", idempotency_key=key_of(BOB, "the-same-key"))
        await _add(customers, adas, bobs)

        assert await _stored(customers, adas, bobs) == {adas.id: adas, bobs.id: bobs}


class TestHistory:
    async def test_of_an_unknown_order_is_empty(self, customers: Storage) -> None:
        await _add(customers, order(ADA))

        assert await customers.read(lambda uow: uow.orders.history(id_of("none"))) == []

    async def test_is_ordered_even_for_simultaneous_steps(self, customers: Storage) -> None:
        placed, other = order(ADA, "1"), order(ADA, "2")
        await _add(customers, placed, other)
        expected = [placed.initial_status_change(actor=Actor.CUSTOMER)]
        for status in (OrderStatus.SHIPPED, OrderStatus.DELIVERED, OrderStatus.REFUNDED):
            placed, event = placed.transition_to(status, at=NOW, actor=Actor.ADMIN)
            expected.append(event)
            await customers.write(partial(_save, state=placed, event=event))

        assert await customers.read(lambda uow: uow.orders.history(placed.id)) == expected

    async def test_has_each_step_once(self, customers: Storage) -> None:
        placed = order(ADA)
        await _add(customers, placed)
        shipped, event = placed.transition_to(OrderStatus.SHIPPED, at=LATER, actor=Actor.ADMIN)
        await customers.write(lambda uow: _save(uow, shipped, event))
        delivered, again = shipped.transition_to(OrderStatus.DELIVERED, at=LATER, actor=Actor.ADMIN)

        with pytest.raises(ConstraintViolated):
            await customers.write(
                lambda uow: _save(uow, delivered, replace(again, sequence=event.sequence))
            )

        assert await _stored(customers, placed) == {placed.id: shipped}
        assert len(await customers.read(lambda uow: uow.orders.history(placed.id))) == 2


class TestSearch:
    async def test_lists_newest_first_and_equal_times_by_greatest_id(
        self, customers: Storage
    ) -> None:
        old = order(ADA, "old", placed_at=NOW - timedelta(microseconds=1))
        low = order(BOB, "low", id=UUID(int=1))
        high = order(ADA, "high", id=UUID(int=1 << 127))
        new = order(BOB, "new", placed_at=NOW + timedelta(microseconds=1))
        await _add(customers, low, new, old, high)

        assert await _search(customers) == Page(items=[new, high, low, old], next=None)

    async def test_filters_by_user_and_status(self, customers: Storage) -> None:
        paid = order(ADA, "1")
        pending = order(ADA, "2", status=OrderStatus.PENDING, placed_at=LATER)
        bobs = order(BOB, "3", placed_at=NOW - timedelta(hours=1))
        await _add(customers, paid, pending, bobs)

        async def found(user_id: UUID | None, status: OrderStatus | None) -> list[Order]:
            which = order_filter(user_id=user_id, status=status)
            return list((await _search(customers, which)).items)

        assert await found(None, None) == [pending, paid, bobs]
        assert await found(ADA.id, None) == [pending, paid]
        assert await found(None, OrderStatus.PAID) == [paid, bobs]
        assert await found(ADA.id, OrderStatus.PENDING) == [pending]
        assert await found(BOB.id, OrderStatus.PENDING) == []
        assert await found(id_of("unknown"), None) == []

    async def test_pages_follow_each_other_without_gap_or_overlap(self, customers: Storage) -> None:
        # Three by three at the same time, so that pages end between orders of one time.
        orders = [
            order(ADA, str(n), line("TEA"), line("POT"), placed_at=NOW + timedelta(hours=n // 3))
            for n in range(7)
        ]
        await _add(customers, *orders)
        newest_first = sorted(orders, key=lambda each: (each.placed_at, each.id), reverse=True)
        adas = order_filter(user_id=ADA.id, status=OrderStatus.PAID)

        first = await _search(customers, adas, limit=2)
        second = await _search(customers, adas, limit=2, after=first.next)
        third = await _search(customers, adas, limit=2, after=second.next)
        last = await _search(customers, adas, limit=2, after=third.next)

        pages = [list(page.items) for page in (first, second, third, last)]
        assert pages == [newest_first[n : n + 2] for n in (0, 2, 4, 6)]
        assert third.next == TimeCursor(at=newest_first[5].placed_at, id=newest_first[5].id)
        assert last.next is None

    async def test_exactly_full_page_is_the_last(self, customers: Storage) -> None:
        await _add(customers, order(ADA, "1"), order(ADA, "2"))

        page = await _search(customers, limit=2)

        assert (len(page.items), page.next) == (2, None)


class TestPayments:
    async def test_payments_are_found_by_order(self, customers: Storage) -> None:
        first = order(ADA, "1")
        second = order(BOB, "2", payment_method=PaymentMethod.CARD)
        await _add(customers, first, second)

        found = await customers.read(
            lambda uow: uow.payments.for_orders([first.id, second.id, id_of("none")])
        )

        assert found == {first.id: payment(first), second.id: payment(second)}
        assert await customers.read(lambda uow: uow.payments.for_orders([])) == {}

    async def test_card_payments_are_listed_by_order_time(self, customers: Storage) -> None:
        placed = [
            order(ADA, str(hour), payment_method=method, placed_at=NOW + timedelta(hours=hour))
            for hour, method in enumerate([PaymentMethod.CARD, PaymentMethod.ACCOUNT] * 3)
        ]
        await _add(customers, *placed)
        time_range = TimeRange(since=NOW, until=NOW + timedelta(hours=4))

        async def by_card(after: TimeCursor | None) -> Page[Payment, TimeCursor]:
            page = PageRequest(limit=1, after=after)
            return await customers.read(lambda uow: uow.payments.card_payments_in(time_range, page))

        first = await by_card(None)
        last = await by_card(first.next)

        assert first == Page(
            items=[payment(placed[2])], next=TimeCursor(at=placed[2].placed_at, id=placed[2].id)
        )
        assert last == Page(items=[payment(placed[0])], next=None)

    async def test_payment_of_a_locked_order_is_saved(self, customers: Storage) -> None:
        first, second = order(ADA, "1"), order(ADA, "2")
        await _add(customers, first, second)
        refunded = payment(first).transition_to(PaymentStatus.REFUNDED)

        async def refund(uow: UnitOfWork) -> None:
            await uow.orders.lock([first.id])
            uow.payments.save(refunded)

        await customers.write(refund)

        found = await customers.read(lambda uow: uow.payments.for_orders([first.id, second.id]))
        assert found == {first.id: refunded, second.id: payment(second)}

    async def test_payment_of_an_order_that_is_not_locked_cannot_be_saved(
        self, customers: Storage
    ) -> None:
        placed = order(ADA)
        await _add(customers, placed)

        async with customers.unit_of_work() as uow:
            await uow.payments.for_orders([placed.id])
            with pytest.raises(RuntimeError):
                uow.payments.save(payment(placed).transition_to(PaymentStatus.REFUNDED))

        found = await customers.read(lambda uow: uow.payments.for_orders([placed.id]))
        assert found == {placed.id: payment(placed)}

    async def test_payment_of_an_unknown_order_is_rejected(self, customers: Storage) -> None:
        unknown = order(ADA)

        with pytest.raises(ConstraintViolated):
            await customers.commit(lambda uow: uow.payments.add(payment(unknown)))

        assert await customers.read(lambda uow: uow.payments.for_orders([unknown.id])) == {}

    async def test_order_has_one_payment(self, customers: Storage) -> None:
        placed = order(ADA)
        await _add(customers, placed)

        with pytest.raises(ConstraintViolated):
            await customers.commit(lambda uow: uow.payments.add(payment(placed, amount=eur(1))))

        found = await customers.read(lambda uow: uow.payments.for_orders([placed.id]))
        assert found == {placed.id: payment(placed)}


async def test_orders_are_found_by_users_and_keys(customers: Storage) -> None:
    adas, bobs = order(ADA, "1"), order(BOB, "2", idempotency_key=key_of(BOB, "key-of-order-1"))
    await _add(customers, adas, bobs)
    hers, his = adas.idempotency_key, bobs.idempotency_key
    orphan = IdempotencyKey(user_id=BOB.id, value="key-of-order-2")

    found = await customers.read(lambda uow: uow.orders.with_keys([hers, his, orphan]))

    assert found == {hers: adas.id, his: bobs.id}
    assert await customers.read(lambda uow: uow.orders.with_keys([])) == {}


async def test_card_payment_stores_all_card_details(customers: Storage) -> None:
    placed = order(ADA, "1", status=OrderStatus.PENDING, payment_method=PaymentMethod.CARD)
    waiting = payment(placed, status=PaymentStatus.PENDING, card=card_details())

    def add(uow: UnitOfWork) -> None:
        uow.orders.add(placed, placed.initial_status_change(actor=Actor.CUSTOMER))
        uow.payments.add(waiting)

    await customers.commit(add)
    ids = [placed.id]
    assert await customers.read(lambda uow: uow.payments.for_orders(ids)) == {placed.id: waiting}

    approved = waiting.with_gateway_payment_id("pay_1").transition_to(PaymentStatus.AUTHORISED)

    async def save(uow: UnitOfWork) -> None:
        await uow.orders.lock(ids)
        uow.payments.save(approved)

    await customers.write(save)
    assert await customers.read(lambda uow: uow.payments.for_orders(ids)) == {placed.id: approved}


async def test_totals_count_the_orders_that_were_paid_and_not_cancelled(
    customers: Storage,
) -> None:
    placed = [
        order(ADA, str(number), line("TEA", number), status=status)
        for number, status in enumerate(OrderStatus, start=1)
    ]
    bought = [
        each.total.amount
        for each in placed
        if each.status.value in {"paid", "shipped", "delivered", "refunded"}
    ]
    placed.append(order(BOB, "100", line("TEA", 3), status=OrderStatus.EXPIRED))
    first_change = order(ADA).initial_status_change(actor=Actor.CUSTOMER)

    def add(uow: UnitOfWork) -> None:
        for each in placed:
            uow.orders.add(each, replace(first_change, order_id=each.id))
            uow.payments.add(payment(each))

    await customers.commit(add)

    async def totals(uow: UnitOfWork) -> Mapping[UUID, OrderTotals]:
        # As a later question, which PostgreSQL's driver is asked.
        assert (await uow.users.get_many([ADA.id])).keys() == {ADA.id}
        return await uow.orders.totals_for_users([ADA.id, BOB.id], eur(0).currency)

    assert await customers.read(totals) == {ADA.id: OrderTotals(count=4, amount=eur(sum(bought)))}
    assert await customers.read(lambda uow: uow.orders.totals_for_users([ADA.id], USD)) == {}
    assert await customers.read(lambda uow: uow.orders.totals_for_users([], USD)) == {}
