"""What every adapter owes guests: users of one session, whose keys are free until they exist."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest

from shop.application.ports.paging import PageRequest, TimeCursor
from shop.application.ports.repositories.idempotency_keys import KeyRecord, Succeeded
from shop.application.ports.repositories.orders import OrderFilter
from shop.application.ports.rows_wanted import RowsWanted
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.guest import new_guest
from shop.domain.orders.order import Actor, Order, OrderStatus
from shop.domain.orders.order_details import OrderDetails
from shop.domain.payment import PaymentMethod, PaymentStatus
from shop.domain.session import Session
from tests.contract.storage import Storage
from tests.factories import EUR, NOW, card_details, claim, id_of, order, order_filter, payment, user

pytestmark = pytest.mark.anyio

ADA = user("ada")
DETAILS = OrderDetails(email="straße@example.com")
GUEST = new_guest(id_of("guest"), DETAILS, at=NOW)
KEY, RELEASED = claim(GUEST, "key-0001"), claim(GUEST, "key-0002")
DONE = Succeeded(reference=id_of("order"))


async def _add_guest(storage: Storage) -> None:
    await storage.commit(lambda uow: uow.users.add(ADA), lambda uow: uow.users.add(GUEST))


def _add_order(placed: Order, uow: UnitOfWork) -> None:
    begun = replace(placed, status=OrderStatus.PENDING)
    uow.orders.add(placed, begun.initial_status_change(actor=Actor.CUSTOMER))
    uow.payments.add(payment(placed))


async def test_guests_are_found_by_id_and_listed_if_asked_for(storage: Storage) -> None:
    await _add_guest(storage)
    page = PageRequest[TimeCursor](limit=10, after=None)

    found = await storage.read(lambda uow: uow.users.get_many([GUEST.id]))
    assert found == {GUEST.id: GUEST}
    assert GUEST.name == "straße@example.com"
    for words in ("", "example.com"):
        listed = await storage.read(partial(_search, words, page, includes_guests=False))
        assert listed == [ADA.id]
        listed = await storage.read(partial(_search, words, page, includes_guests=True))
        assert set(listed) == {ADA.id, GUEST.id}


async def _search(
    words: str, page: PageRequest[TimeCursor], uow: UnitOfWork, *, includes_guests: bool
) -> list[object]:
    found = await uow.users.search(words, page, includes_guests=includes_guests)
    return [each.id for each in found.items]


async def test_session_stays_bound_to_its_guest(storage: Storage) -> None:
    visitor = Session.new(id=id_of("session"), at=NOW)
    tokens: list[str] = []
    await storage.commit(lambda uow: tokens.append(uow.sessions.create(visitor)))

    async def bind(uow: UnitOfWork) -> None:
        found = (await uow.sessions.lock(tokens))[tokens[0]]
        uow.users.add(GUEST)
        tokens[:] = [uow.sessions.save(found.with_guest(GUEST.id))]

    await storage.write(bind)
    found = (await storage.read(lambda uow: uow.sessions.find(tokens)))[tokens[0]]
    assert (found.guest_id, found.user_id, found.buyer_id) == (GUEST.id, None, GUEST.id)


async def test_keys_of_a_new_guest_are_stored_with_the_guest(storage: Storage) -> None:
    async def settle(uow: UnitOfWork) -> None:
        fingerprints = {each.id: each.fingerprint for each in (KEY, RELEASED)}
        uow.idempotency_keys.claim_for_new_users(fingerprints, NOW)
        uow.users.add(GUEST)
        uow.idempotency_keys.complete(KEY.id, DONE)
        uow.idempotency_keys.release(RELEASED.id)

    await storage.write(settle)
    fingerprints = {each.id: "another" for each in (KEY, RELEASED)}
    async with storage.unit_of_work() as uow:
        known = await uow.idempotency_keys.claim(fingerprints, NOW)
    assert known == {KEY.id: KeyRecord(fingerprint=KEY.fingerprint, outcome=DONE)}


async def test_released_keys_need_no_guest(storage: Storage) -> None:
    async def reject(uow: UnitOfWork) -> None:
        uow.idempotency_keys.claim_for_new_users({KEY.id: KEY.fingerprint}, NOW)
        uow.idempotency_keys.release(KEY.id)

    await storage.write(reject)
    assert await storage.read(lambda uow: uow.users.get_many([GUEST.id])) == {}


async def test_addresses_have_ordered_unless_their_orders_came_to_nothing(
    storage: Storage,
) -> None:
    await _add_guest(storage)
    placed = replace(order(GUEST, "1"), details=DETAILS)
    failed = replace(
        order(GUEST, "2"), details=OrderDetails(email="other@x.org"), status=OrderStatus.EXPIRED
    )
    await storage.commit(partial(_add_order, placed), partial(_add_order, failed))

    asked = ["strasse@example.com", "other@x.org", "unknown@x.org"]
    found = await storage.read(lambda uow: uow.promotion_uses.emails_with_orders(asked))
    assert found == {"strasse@example.com"}


@pytest.mark.parametrize(
    ("words", "found"), [("STRASSE@", 1), ("straße@example.com", 1), ("trasse@", 0), ("guest:", 1)]
)
async def test_orders_are_found_by_the_beginning_of_their_address(
    storage: Storage, words: str, found: int
) -> None:
    await _add_guest(storage)
    placed = replace(order(GUEST, "1"), details=DETAILS)
    await storage.commit(partial(_add_order, placed), partial(_add_order, order(ADA, "2")))

    which: OrderFilter = order_filter(words=words)
    page = PageRequest[TimeCursor](limit=10, after=None)
    listed = await storage.read(lambda uow: uow.orders.search(which, page))
    assert [each.id for each in listed.items] == [placed.id][:found]


async def test_what_a_guest_has_begun_is_read_ahead_with_the_session(storage: Storage) -> None:
    await _add_guest(storage)
    pending = replace(
        order(GUEST, "1"), payment_method=PaymentMethod.CARD, status=OrderStatus.PENDING
    )
    bound = Session.new(id=id_of("session"), at=NOW).with_guest(GUEST.id)
    tokens: list[str] = []

    async def begin(uow: UnitOfWork) -> None:
        uow.orders.add(pending, pending.initial_status_change(actor=Actor.CUSTOMER))
        paid_by = payment(pending, status=PaymentStatus.PENDING, card=card_details())
        uow.payments.add(paid_by)
        tokens.append(uow.sessions.create(bound))
        await uow.idempotency_keys.claim({KEY.id: KEY.fingerprint}, NOW)

    await storage.write(begin)
    wanted = RowsWanted(
        session=tokens[0], has_account=True, idempotency_key=KEY.id.value, card_use_since=NOW
    )
    async with storage.unit_of_work() as uow:
        await uow.read_ahead([wanted])
        assert (await uow.sessions.lock(tokens))[tokens[0]].guest_id == GUEST.id
        assert await uow.users.get_many([GUEST.id]) == {GUEST.id: GUEST}
        known = await uow.idempotency_keys.claim({KEY.id: KEY.fingerprint}, NOW)
        assert known == {KEY.id: KeyRecord(fingerprint=KEY.fingerprint, outcome=None)}
        assert await uow.accounts.lock_for_users([GUEST.id], EUR) == {}
        use = await uow.payments.card_use([GUEST.id], declined_since=NOW)
        assert use[GUEST.id].pending_orders == 1


class TestAGuestWithoutOrders:
    """Purged once nothing needs the guest; what is kept keeps the guest."""

    LATER = NOW + timedelta(days=1)

    async def _left(self, storage: Storage, limit: int = 10) -> list[UUID]:
        return list(
            await storage.read(lambda uow: uow.users.guests_without_orders(self.LATER, limit))
        )

    async def test_is_removed(self, storage: Storage) -> None:
        await _add_guest(storage)
        assert await self._left(storage) == [GUEST.id]
        await storage.commit(lambda uow: uow.users.remove_guests([GUEST.id]))

        known = await storage.read(lambda uow: uow.users.get_many([GUEST.id, ADA.id]))
        assert known == {ADA.id: ADA}
        assert await self._left(storage) == []

    async def test_is_not_found_before_the_time(self, storage: Storage) -> None:
        await _add_guest(storage)
        found = await storage.read(lambda uow: uow.users.guests_without_orders(NOW, 10))
        assert found == []

    async def test_is_one_of_the_oldest(self, storage: Storage) -> None:
        older = new_guest(id_of("older"), DETAILS, at=NOW - timedelta(hours=1))
        await _add_guest(storage)
        await storage.commit(lambda uow: uow.users.add(older))

        assert await self._left(storage, limit=1) == [older.id]
        assert await self._left(storage) == [older.id, GUEST.id]

    async def test_is_kept_with_a_key(self, storage: Storage) -> None:
        await _add_guest(storage)
        await storage.write(lambda uow: uow.idempotency_keys.claim({KEY.id: "print"}, NOW))
        assert await self._left(storage) == []

    async def test_is_kept_with_a_session(self, storage: Storage) -> None:
        await _add_guest(storage)
        bound = Session.new(id=id_of("session"), at=NOW).with_guest(GUEST.id)
        await storage.commit(lambda uow: uow.sessions.create(bound))
        assert await self._left(storage) == []

    async def test_has_none_at_all(self, storage: Storage) -> None:
        await _add_guest(storage)
        await storage.commit(partial(_add_order, order(GUEST, "1")))
        assert await self._left(storage) == []
