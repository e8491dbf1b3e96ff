"""What every adapter owes the port to sessions."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

import pytest

from shop.application.ports.paging import Page, PageRequest, TimeCursor
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import ConstraintViolated, UnitOfWork
from shop.domain.cart import Cart
from shop.domain.session import Session, SessionConflict, SessionPolicy
from shop.domain.shared.line_quantity import LineQuantity
from shop.domain.user import Role
from tests.contract.storage import Storage
from tests.factories import NOW, id_of, session, user

pytestmark = pytest.mark.anyio

ADA, BOB = user("ada"), user("bob")
POLICY = SessionPolicy(idle=timedelta(hours=1), absolute=timedelta(hours=10))
CART = Cart(lines=(LineQuantity(sku="TEA", quantity=2), LineQuantity(sku="CUP", quantity=10_000)))
FULL = session(
    "full",
    user_id=ADA.id,
    roles=frozenset({Role.CUSTOMER, Role.ADMIN}),
    signed_in_at=NOW - timedelta(minutes=1),
    preferences={"theme": "dunkel 🙂", "lists": [1, None, {"a": True}], "n": 1.5, "deep": {}},
    cart=CART,
    last_order_id=id_of("order"),
)
PAUSE_SECONDS = 0.05


@pytest.fixture
async def storage(session_storage: Storage) -> Storage:
    """Give a storage in which Ada and Bob are known."""
    await session_storage.commit(lambda uow: uow.users.add(ADA), lambda uow: uow.users.add(BOB))
    return session_storage


async def _create(storage: Storage, session: Session) -> SessionToken:
    async def begin(uow: UnitOfWork) -> SessionToken:
        return uow.sessions.create(session)

    return await storage.write(begin)


async def _save(storage: Storage, token: SessionToken, session: Session) -> SessionToken:
    async def save(uow: UnitOfWork) -> SessionToken:
        await uow.sessions.lock([token])
        return uow.sessions.save(session)

    return await storage.write(save)


async def _found(storage: Storage, *tokens: SessionToken) -> Mapping[SessionToken, Session]:
    return await storage.read(lambda uow: uow.sessions.find(tokens))


async def _session(storage: Storage, token: SessionToken) -> Session:
    return (await _found(storage, token))[token]


def _session_of(owner: UUID, name: str, **changes: object) -> Session:
    return session(name, user_id=owner, signed_in_at=NOW, **changes)


class TestTokens:
    async def test_new_session_is_found_as_it_was_created(self, storage: Storage) -> None:
        empty = session("empty")
        first, second = await _create(storage, FULL), await _create(storage, empty)

        assert await _found(storage, second, first) == {first: FULL, second: empty}

    async def test_no_tokens_find_no_sessions(self, storage: Storage) -> None:
        await _create(storage, FULL)

        assert await _found(storage) == {}

    async def test_every_session_has_a_unique_unguessable_token(self, storage: Storage) -> None:
        async def begin(uow: UnitOfWork) -> list[SessionToken]:
            return [uow.sessions.create(session(str(n))) for n in range(200)]

        tokens = await storage.write(begin)

        assert len(set(tokens)) == 200
        # 128 bits take 22 characters of base 64.
        assert min(len(token) for token in tokens) >= 22

    @pytest.mark.parametrize(
        "token",
        ["", "x", "a" * 43, "a" * 5000, "ü", "\x00", "' OR 1=1 --", str(FULL.id)],
    )
    async def test_token_that_was_not_issued_finds_nothing(
        self, storage: Storage, token: SessionToken
    ) -> None:
        await _create(storage, FULL)

        assert await _found(storage, token) == {}

    async def test_tampered_token_finds_nothing(self, storage: Storage) -> None:
        token = await _create(storage, FULL)
        turned = token.swapcase()

        assert await _found(storage, turned, token[:-1], token + "A", " " + token) == {}

    async def test_token_of_a_rolled_back_session_finds_nothing(self, storage: Storage) -> None:
        async with storage.unit_of_work() as uow:
            token = uow.sessions.create(FULL)
            assert await uow.sessions.find([token]) == {}

        assert await _found(storage, token) == {}

    async def test_new_token_needs_no_rotation(self, storage: Storage) -> None:
        token = await _create(storage, FULL)

        async with storage.snapshot() as uow:
            found = await uow.sessions.find([token])
            assert not uow.sessions.needs_rotation(found[token])

    async def test_session_of_an_unknown_user_is_rejected(self, storage: Storage) -> None:
        with pytest.raises(ConstraintViolated):
            await _create(storage, _session_of(id_of("nobody"), "1"))

    async def test_expired_sessions_are_found(self, storage: Storage) -> None:
        ancient = session("old", last_seen_at=NOW - timedelta(days=999))
        token = await _create(storage, ancient)

        assert await _found(storage, token) == {token: ancient}


class TestSave:
    async def test_locked_session_is_saved_and_its_version_increases(
        self, storage: Storage
    ) -> None:
        token = await _create(storage, session("1"))
        changed = session("1").with_cart(CART).with_preferences({"theme": "dark"})

        token = await _save(storage, token, changed)

        saved = session("1", cart=CART, preferences={"theme": "dark"}, version=1)
        assert await _found(storage, token) == {token: saved}

    async def test_saves_can_follow_each_other(self, storage: Storage) -> None:
        token = await _create(storage, session("1"))
        for number in (1, 2, 3):
            found = await _session(storage, token)
            token = await _save(storage, token, found.with_last_order(id_of(str(number))))

        assert await _session(storage, token) == session("1", last_order_id=id_of("3"), version=3)

    async def test_last_of_two_saves_in_one_unit_of_work_is_stored(self, storage: Storage) -> None:
        token = await _create(storage, session("1"))

        async def save_twice(uow: UnitOfWork) -> SessionToken:
            found = (await uow.sessions.lock([token]))[token]
            uow.sessions.save(found.with_last_order(id_of("first")).with_cart(CART))
            return uow.sessions.save(found.with_last_order(id_of("second")))

        token = await storage.write(save_twice)

        assert await _session(storage, token) == session(
            "1", last_order_id=id_of("second"), version=1
        )

    async def test_session_that_is_not_locked_cannot_be_saved(self, storage: Storage) -> None:
        token = await _create(storage, session("1"))

        async with storage.unit_of_work() as uow:
            found = (await uow.sessions.find([token]))[token]
            with pytest.raises(RuntimeError):
                uow.sessions.save(found.with_cart(CART))
            with pytest.raises(RuntimeError):
                uow.sessions.rotate(found.with_cart(CART))

        assert await _found(storage, token) == {token: session("1")}

    async def test_stale_session_is_rejected(self, storage: Storage) -> None:
        token = await _create(storage, session("1"))
        token = await _save(storage, token, session("1").with_last_order(id_of("first")))

        with pytest.raises(SessionConflict):
            await _save(storage, token, session("1").with_last_order(id_of("second")))

        assert await _session(storage, token) == session(
            "1", last_order_id=id_of("first"), version=1
        )

    async def test_rolled_back_save_changes_nothing(self, storage: Storage) -> None:
        token = await _create(storage, session("1"))

        async with storage.unit_of_work() as uow:
            found = (await uow.sessions.lock([token]))[token]
            issued = uow.sessions.rotate(found.with_cart(CART))

        assert await _found(storage, token, issued) == {token: session("1")}

    async def test_second_lock_waits_for_the_first(self, storage: Storage) -> None:
        token = await _create(storage, session("1"))

        async def look() -> UUID | None:
            async with storage.unit_of_work() as uow:
                return (await uow.sessions.lock([token]))[token].last_order_id

        async with storage.unit_of_work() as uow:
            found = (await uow.sessions.lock([token]))[token]
            second = asyncio.create_task(look())
            await asyncio.sleep(PAUSE_SECONDS)
            assert not second.done()
            uow.sessions.save(found.with_last_order(id_of("order")))
            await uow.commit()

        assert await second == id_of("order")


class TestRotate:
    async def test_new_token_replaces_the_old_one(self, storage: Storage) -> None:
        old = await _create(storage, session("1"))

        async def rotate(uow: UnitOfWork) -> SessionToken:
            found = (await uow.sessions.lock([old]))[old]
            return uow.sessions.rotate(found.signed_in_as(ADA, at=NOW))

        new = await storage.write(rotate)

        signed_in = session("1", user_id=ADA.id, roles=ADA.roles, signed_in_at=NOW, version=1)
        assert await _found(storage, old, new) == {new: signed_in}

    async def test_save_after_rotation_keeps_the_new_token(self, storage: Storage) -> None:
        old = await _create(storage, session("1"))

        async def rotate_and_save(uow: UnitOfWork) -> tuple[SessionToken, SessionToken]:
            found = (await uow.sessions.lock([old]))[old]
            issued = uow.sessions.rotate(found.with_cart(CART))
            return issued, uow.sessions.save(found.with_last_order(id_of("order")))

        _, token = await storage.write(rotate_and_save)

        saved = session("1", last_order_id=id_of("order"), version=1)
        assert await _found(storage, old, token) == {token: saved}

    async def test_stale_session_is_rejected(self, storage: Storage) -> None:
        token = await _create(storage, session("1"))
        token = await _save(storage, token, session("1").with_cart(CART))

        async def rotate(uow: UnitOfWork) -> None:
            await uow.sessions.lock([token])
            uow.sessions.rotate(session("1").signed_in_as(ADA, at=NOW))

        with pytest.raises(SessionConflict):
            await storage.write(rotate)

        assert await _session(storage, token) == session("1", cart=CART, version=1)


class TestTouch:
    async def test_last_use_is_stored_and_nothing_else_changes(self, storage: Storage) -> None:
        token = await _create(storage, FULL)
        later = NOW + timedelta(minutes=5)

        await storage.commit(lambda uow: uow.sessions.touch(FULL.id, later))

        assert await _session(storage, token) == FULL.used_at(later)

    async def test_last_use_never_goes_back(self, storage: Storage) -> None:
        token = await _create(storage, FULL)

        await storage.commit(lambda uow: uow.sessions.touch(FULL.id, NOW - timedelta(minutes=5)))

        assert await _session(storage, token) == FULL

    async def test_revoked_session_stays_revoked(self, storage: Storage) -> None:
        token = await _create(storage, FULL)
        await storage.commit(lambda uow: uow.sessions.revoke(FULL.id))

        await storage.commit(lambda uow: uow.sessions.touch(FULL.id, NOW))

        assert await _found(storage, token) == {}

    async def test_unknown_session_is_not_created(self, storage: Storage) -> None:
        await storage.commit(lambda uow: uow.sessions.touch(id_of("none"), NOW))

        assert (
            await storage.write(
                lambda uow: uow.sessions.purge_expired(POLICY, NOW + timedelta(days=99))
            )
            == 0
        )


class TestRevoke:
    async def test_revoked_token_finds_nothing(self, storage: Storage) -> None:
        token, other = await _create(storage, FULL), await _create(storage, session("other"))

        await storage.commit(lambda uow: uow.sessions.revoke(FULL.id))

        assert await _found(storage, token, other) == {other: session("other")}

    async def test_session_is_revoked_once(self, storage: Storage) -> None:
        token = await _create(storage, FULL)

        await storage.commit(lambda uow: uow.sessions.revoke(FULL.id))
        await storage.commit(lambda uow: uow.sessions.revoke(FULL.id))

        assert await _found(storage, token) == {}

    async def test_revocation_wins_over_a_save_in_the_same_unit_of_work(
        self, storage: Storage
    ) -> None:
        token = await _create(storage, session("1"))

        async def save_and_end(uow: UnitOfWork) -> list[SessionToken]:
            found = (await uow.sessions.lock([token]))[token]
            uow.sessions.revoke(found.id)
            uow.sessions.touch(found.id, NOW + timedelta(minutes=1))
            return [uow.sessions.save(found.with_cart(CART)), uow.sessions.rotate(found)]

        issued = await storage.write(save_and_end)

        assert await _found(storage, token, *issued) == {}

    async def test_session_revoked_meanwhile_cannot_be_saved(self, storage: Storage) -> None:
        token = await _create(storage, session("1"))

        async def order() -> Mapping[SessionToken, Session]:
            async with storage.unit_of_work() as uow:
                return await uow.sessions.lock([token])

        async with storage.unit_of_work() as uow:
            await uow.sessions.lock([token])
            second = asyncio.create_task(order())
            await asyncio.sleep(PAUSE_SECONDS)
            uow.sessions.revoke(session("1").id)
            await uow.commit()

        assert await second == {}

    async def test_rolled_back_revocation_changes_nothing(self, storage: Storage) -> None:
        token = await _create(storage, FULL)

        async with storage.unit_of_work() as uow:
            uow.sessions.revoke(FULL.id)
            assert await uow.sessions.revoke_one(ADA.id, FULL.id)
            await uow.sessions.revoke_all(ADA.id, except_session_id=None)
            await uow.sessions.purge_expired(POLICY, NOW + timedelta(days=9))

        assert await _found(storage, token) == {token: FULL}


class TestRevokeOne:
    async def test_session_of_the_user_is_revoked(self, storage: Storage) -> None:
        first, second = _session_of(ADA.id, "1"), _session_of(ADA.id, "2")
        one, two = await _create(storage, first), await _create(storage, second)

        assert await storage.write(lambda uow: uow.sessions.revoke_one(ADA.id, first.id)) is True

        assert await _found(storage, one, two) == {two: second}
        assert await storage.write(lambda uow: uow.sessions.revoke_one(ADA.id, first.id)) is False

    async def test_session_of_another_user_is_not_revoked(self, storage: Storage) -> None:
        adas, nobodys = _session_of(ADA.id, "1"), session("2")
        one, two = await _create(storage, adas), await _create(storage, nobodys)

        assert await storage.write(lambda uow: uow.sessions.revoke_one(BOB.id, adas.id)) is False
        assert await storage.write(lambda uow: uow.sessions.revoke_one(BOB.id, nobodys.id)) is False

        assert await _found(storage, one, two) == {one: adas, two: nobodys}


class TestRevokeAll:
    async def test_all_sessions_of_the_user_but_one_are_revoked(self, storage: Storage) -> None:
        sessions = [
            _session_of(ADA.id, "1"),
            _session_of(ADA.id, "2"),
            _session_of(ADA.id, "3"),
            _session_of(BOB.id, "4"),
        ]
        tokens = [await _create(storage, each) for each in sessions]

        ended = await storage.write(
            lambda uow: uow.sessions.revoke_all(ADA.id, except_session_id=sessions[1].id)
        )

        assert ended == 2
        assert await _found(storage, *tokens) == {tokens[1]: sessions[1], tokens[3]: sessions[3]}

    async def test_all_sessions_are_revoked_without_an_exception(self, storage: Storage) -> None:
        sessions = [_session_of(ADA.id, "1"), _session_of(ADA.id, "2"), session("3")]
        tokens = [await _create(storage, each) for each in sessions]

        assert (
            await storage.write(lambda uow: uow.sessions.revoke_all(ADA.id, except_session_id=None))
            == 2
        )

        assert await _found(storage, *tokens) == {tokens[2]: sessions[2]}

    async def test_excepted_session_can_be_saved_under_a_new_token(self, storage: Storage) -> None:
        kept, other = _session_of(ADA.id, "1"), _session_of(ADA.id, "2")
        one, two = await _create(storage, kept), await _create(storage, other)

        async def change_password(uow: UnitOfWork) -> SessionToken:
            found = (await uow.sessions.lock([one]))[one]
            issued = uow.sessions.rotate(found)
            assert await uow.sessions.revoke_all(ADA.id, except_session_id=found.id) == 1
            return issued

        issued = await storage.write(change_password)

        assert (await _found(storage, one, two, issued)).keys() == {issued}


class TestListForUser:
    async def _ids(
        self, storage: Storage, limit: int = 100, after: TimeCursor | None = None
    ) -> Page[UUID, TimeCursor]:
        page = PageRequest(limit=limit, after=after)
        found = await storage.read(lambda uow: uow.sessions.for_user(ADA.id, page))
        return Page(items=[each.id for each in found.items], next=found.next)

    async def test_sessions_of_the_user_are_listed_unchanged(self, storage: Storage) -> None:
        adas = _session_of(ADA.id, "1", last_order_id=id_of("order"), roles=ADA.roles)
        await _create(storage, adas)
        page: PageRequest[TimeCursor] = PageRequest(limit=100, after=None)

        found = await storage.read(lambda uow: uow.sessions.for_user(ADA.id, page))

        assert found == Page(items=[adas], next=None)

    async def test_sessions_of_other_users_are_not_listed(self, storage: Storage) -> None:
        for each in (_session_of(BOB.id, "1"), session("2")):
            await _create(storage, each)

        assert await self._ids(storage) == Page(items=[], next=None)

    async def test_newest_sessions_come_first_in_pages(self, storage: Storage) -> None:
        # Three by three at the same time, so that pages end between sessions of one time.
        sessions = [
            _session_of(ADA.id, str(n), created_at=NOW + timedelta(minutes=n // 3))
            for n in range(7)
        ]
        for each in sessions:
            await _create(storage, each)
        newest_first = sorted(sessions, key=lambda each: (each.created_at, each.id), reverse=True)

        first = await self._ids(storage, limit=2)
        second = await self._ids(storage, limit=2, after=first.next)
        third = await self._ids(storage, limit=2, after=second.next)
        last = await self._ids(storage, limit=2, after=third.next)

        found = [each for page in (first, second, third, last) for each in page.items]
        assert found == [each.id for each in newest_first]
        assert [len(page.items) for page in (first, second, third, last)] == [2, 2, 2, 1]
        assert last.next is None

    async def test_exactly_full_page_is_the_last(self, storage: Storage) -> None:
        await _create(storage, _session_of(ADA.id, "1"))

        assert await self._ids(storage, limit=1) == Page(
            items=[_session_of(ADA.id, "1").id], next=None
        )


class TestPurge:
    async def test_expired_sessions_are_removed(self, storage: Storage) -> None:
        idle, absolute = POLICY.idle, POLICY.absolute
        instant = timedelta(microseconds=1)
        old = NOW - absolute
        sessions = [
            session("idle", last_seen_at=NOW - idle),
            session("in use", last_seen_at=NOW - idle + instant),
            session("too old", created_at=old, last_seen_at=NOW),
            session("old", created_at=old + instant, last_seen_at=NOW),
            _session_of(ADA.id, "idle too", last_seen_at=NOW - idle),
        ]
        tokens = [await _create(storage, each) for each in sessions]

        assert await storage.write(lambda uow: uow.sessions.purge_expired(POLICY, NOW)) == 3

        assert await _found(storage, *tokens) == {tokens[1]: sessions[1], tokens[3]: sessions[3]}
        assert await storage.write(lambda uow: uow.sessions.purge_expired(POLICY, NOW)) == 0
