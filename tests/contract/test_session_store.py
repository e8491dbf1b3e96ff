"""What every adapter owes the port to sessions."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

import pytest

from shop.application.ports.paging import Page, PageRequest, TimeCursor
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import ConstraintViolated, UnitOfWork
from shop.domain.cart import Cart, CartLine
from shop.domain.session import Session, SessionConflict, SessionPolicy
from shop.domain.user import Role
from tests.contract.stores import Stores
from tests.factories import NOW, an_id, session, user

pytestmark = pytest.mark.anyio

ADA, BOB = user("ada"), user("bob")
POLICY = SessionPolicy(idle=timedelta(hours=1), absolute=timedelta(hours=10))
CART = Cart(lines=(CartLine(sku="TEA", quantity=2), CartLine(sku="CUP", quantity=10_000)))
FULL = session(
    "full",
    user_id=ADA.id,
    roles=frozenset({Role.CUSTOMER, Role.ADMIN}),
    signed_in_at=NOW - timedelta(minutes=1),
    preferences={"theme": "dunkel 🙂", "lists": [1, None, {"a": True}], "n": 1.5, "deep": {}},
    cart=CART,
    last_order_id=an_id("order"),
)
PAUSE_SECONDS = 0.05


@pytest.fixture
async def stores(session_stores: Stores) -> Stores:
    """Give a storage in which Ada and Bob are known."""
    await session_stores.commit(lambda uow: uow.users.add(ADA), lambda uow: uow.users.add(BOB))
    return session_stores


async def _begin(stores: Stores, session: Session) -> SessionToken:
    async def begin(uow: UnitOfWork) -> SessionToken:
        return uow.sessions.create(session)

    return await stores.change(begin)


async def _save(stores: Stores, token: SessionToken, session: Session) -> SessionToken:
    async def save(uow: UnitOfWork) -> SessionToken:
        await uow.sessions.lock([token])
        return uow.sessions.save(session)

    return await stores.change(save)


async def _found(stores: Stores, *tokens: SessionToken) -> Mapping[SessionToken, Session]:
    return await stores.see(lambda uow: uow.sessions.find(tokens))


async def _session(stores: Stores, token: SessionToken) -> Session:
    return (await _found(stores, token))[token]


def _of(owner: UUID, name: str, **changes: object) -> Session:
    return session(name, user_id=owner, signed_in_at=NOW, **changes)


class TestTokens:
    async def test_a_new_session_is_found_as_it_began(self, stores: Stores) -> None:
        empty = session("empty")
        first, second = await _begin(stores, FULL), await _begin(stores, empty)

        assert await _found(stores, second, first) == {first: FULL, second: empty}

    async def test_no_tokens_open_nothing(self, stores: Stores) -> None:
        await _begin(stores, FULL)

        assert await _found(stores) == {}

    async def test_every_session_has_a_token_of_its_own_that_nobody_guesses(
        self, stores: Stores
    ) -> None:
        async def begin(uow: UnitOfWork) -> list[SessionToken]:
            return [uow.sessions.create(session(str(n))) for n in range(200)]

        tokens = await stores.change(begin)

        assert len(set(tokens)) == 200
        # 128 bits take 22 characters of base 64.
        assert min(len(token) for token in tokens) >= 22

    @pytest.mark.parametrize(
        "token",
        ["", "x", "a" * 43, "a" * 5000, "ü", "\x00", "' OR 1=1 --", str(FULL.id)],
    )
    async def test_a_token_that_was_not_issued_opens_nothing(
        self, stores: Stores, token: SessionToken
    ) -> None:
        await _begin(stores, FULL)

        assert await _found(stores, token) == {}

    async def test_a_token_that_was_tampered_with_opens_nothing(self, stores: Stores) -> None:
        token = await _begin(stores, FULL)
        turned = token.swapcase()

        assert await _found(stores, turned, token[:-1], token + "A", " " + token) == {}

    async def test_the_token_of_a_session_that_never_began_opens_nothing(
        self, stores: Stores
    ) -> None:
        async with stores.unit_of_work() as uow:
            token = uow.sessions.create(FULL)
            assert await uow.sessions.find([token]) == {}

        assert await _found(stores, token) == {}

    async def test_a_new_token_is_not_outdated(self, stores: Stores) -> None:
        token = await _begin(stores, FULL)

        async with stores.snapshot() as uow:
            found = await uow.sessions.find([token])
            assert not uow.sessions.needs_rotation(found[token])

    async def test_a_session_of_nobody_is_refused(self, stores: Stores) -> None:
        with pytest.raises(ConstraintViolated):
            await _begin(stores, _of(an_id("nobody"), "1"))

    async def test_expired_sessions_are_found_like_others(self, stores: Stores) -> None:
        ancient = session("old", last_seen_at=NOW - timedelta(days=999))
        token = await _begin(stores, ancient)

        assert await _found(stores, token) == {token: ancient}


class TestSave:
    async def test_a_locked_session_is_saved_and_its_version_counts(self, stores: Stores) -> None:
        token = await _begin(stores, session("1"))
        changed = session("1").with_cart(CART).with_preferences({"theme": "dark"})

        token = await _save(stores, token, changed)

        saved = session("1", cart=CART, preferences={"theme": "dark"}, version=1)
        assert await _found(stores, token) == {token: saved}

    async def test_one_save_follows_the_other(self, stores: Stores) -> None:
        token = await _begin(stores, session("1"))
        for number in (1, 2, 3):
            found = await _session(stores, token)
            token = await _save(stores, token, found.with_last_order(an_id(str(number))))

        assert await _session(stores, token) == session("1", last_order_id=an_id("3"), version=3)

    async def test_of_two_saves_in_one_unit_of_work_the_last_counts(self, stores: Stores) -> None:
        token = await _begin(stores, session("1"))

        async def save_twice(uow: UnitOfWork) -> SessionToken:
            found = (await uow.sessions.lock([token]))[token]
            uow.sessions.save(found.with_last_order(an_id("first")).with_cart(CART))
            return uow.sessions.save(found.with_last_order(an_id("second")))

        token = await stores.change(save_twice)

        assert await _session(stores, token) == session(
            "1", last_order_id=an_id("second"), version=1
        )

    async def test_a_session_that_was_not_locked_is_not_saved(self, stores: Stores) -> None:
        token = await _begin(stores, session("1"))

        async with stores.unit_of_work() as uow:
            found = (await uow.sessions.find([token]))[token]
            with pytest.raises(RuntimeError):
                uow.sessions.save(found.with_cart(CART))
            with pytest.raises(RuntimeError):
                uow.sessions.rotate(found.with_cart(CART))

        assert await _found(stores, token) == {token: session("1")}

    async def test_a_state_that_somebody_else_has_followed_already_is_refused(
        self, stores: Stores
    ) -> None:
        token = await _begin(stores, session("1"))
        token = await _save(stores, token, session("1").with_last_order(an_id("first")))

        with pytest.raises(SessionConflict):
            await _save(stores, token, session("1").with_last_order(an_id("second")))

        assert await _session(stores, token) == session(
            "1", last_order_id=an_id("first"), version=1
        )

    async def test_a_save_that_is_rolled_back_changes_nothing(self, stores: Stores) -> None:
        token = await _begin(stores, session("1"))

        async with stores.unit_of_work() as uow:
            found = (await uow.sessions.lock([token]))[token]
            issued = uow.sessions.rotate(found.with_cart(CART))

        assert await _found(stores, token, issued) == {token: session("1")}

    async def test_who_locks_second_waits_for_the_first(self, stores: Stores) -> None:
        token = await _begin(stores, session("1"))

        async def look() -> UUID | None:
            async with stores.unit_of_work() as uow:
                return (await uow.sessions.lock([token]))[token].last_order_id

        async with stores.unit_of_work() as uow:
            found = (await uow.sessions.lock([token]))[token]
            second = asyncio.create_task(look())
            await asyncio.sleep(PAUSE_SECONDS)
            assert not second.done()
            uow.sessions.save(found.with_last_order(an_id("order")))
            await uow.commit()

        assert await second == an_id("order")


class TestRotate:
    async def test_the_new_token_opens_the_session_and_the_old_one_nothing(
        self, stores: Stores
    ) -> None:
        old = await _begin(stores, session("1"))

        async def rotate(uow: UnitOfWork) -> SessionToken:
            found = (await uow.sessions.lock([old]))[old]
            return uow.sessions.rotate(found.signed_in_as(ADA, at=NOW))

        new = await stores.change(rotate)

        signed_in = session("1", user_id=ADA.id, roles=ADA.roles, signed_in_at=NOW, version=1)
        assert await _found(stores, old, new) == {new: signed_in}

    async def test_a_save_after_it_keeps_the_new_token(self, stores: Stores) -> None:
        old = await _begin(stores, session("1"))

        async def rotate_and_save(uow: UnitOfWork) -> tuple[SessionToken, SessionToken]:
            found = (await uow.sessions.lock([old]))[old]
            issued = uow.sessions.rotate(found.with_cart(CART))
            return issued, uow.sessions.save(found.with_last_order(an_id("order")))

        _, token = await stores.change(rotate_and_save)

        saved = session("1", last_order_id=an_id("order"), version=1)
        assert await _found(stores, old, token) == {token: saved}

    async def test_a_state_that_somebody_else_has_followed_already_is_refused(
        self, stores: Stores
    ) -> None:
        token = await _begin(stores, session("1"))
        token = await _save(stores, token, session("1").with_cart(CART))

        async def rotate(uow: UnitOfWork) -> None:
            await uow.sessions.lock([token])
            uow.sessions.rotate(session("1").signed_in_as(ADA, at=NOW))

        with pytest.raises(SessionConflict):
            await stores.change(rotate)

        assert await _session(stores, token) == session("1", cart=CART, version=1)


class TestTouch:
    async def test_the_last_use_is_remembered_and_nothing_else_changes(
        self, stores: Stores
    ) -> None:
        token = await _begin(stores, FULL)
        later = NOW + timedelta(minutes=5)

        await stores.commit(lambda uow: uow.sessions.touch(FULL.id, later))

        assert await _session(stores, token) == FULL.used_at(later)

    async def test_it_never_goes_back(self, stores: Stores) -> None:
        token = await _begin(stores, FULL)

        await stores.commit(lambda uow: uow.sessions.touch(FULL.id, NOW - timedelta(minutes=5)))

        assert await _session(stores, token) == FULL

    async def test_a_session_that_has_ended_stays_ended(self, stores: Stores) -> None:
        token = await _begin(stores, FULL)
        await stores.commit(lambda uow: uow.sessions.revoke(FULL.id))

        await stores.commit(lambda uow: uow.sessions.touch(FULL.id, NOW))

        assert await _found(stores, token) == {}

    async def test_a_session_that_never_was_is_not_made(self, stores: Stores) -> None:
        await stores.commit(lambda uow: uow.sessions.touch(an_id("none"), NOW))

        assert (
            await stores.change(
                lambda uow: uow.sessions.purge_expired(POLICY, NOW + timedelta(days=99))
            )
            == 0
        )


class TestEnd:
    async def test_its_token_opens_nothing_any_more(self, stores: Stores) -> None:
        token, other = await _begin(stores, FULL), await _begin(stores, session("other"))

        await stores.commit(lambda uow: uow.sessions.revoke(FULL.id))

        assert await _found(stores, token, other) == {other: session("other")}

    async def test_a_session_ends_once(self, stores: Stores) -> None:
        token = await _begin(stores, FULL)

        await stores.commit(lambda uow: uow.sessions.revoke(FULL.id))
        await stores.commit(lambda uow: uow.sessions.revoke(FULL.id))

        assert await _found(stores, token) == {}

    async def test_an_end_wins_over_a_save_in_the_same_unit_of_work(self, stores: Stores) -> None:
        token = await _begin(stores, session("1"))

        async def save_and_end(uow: UnitOfWork) -> list[SessionToken]:
            found = (await uow.sessions.lock([token]))[token]
            uow.sessions.revoke(found.id)
            uow.sessions.touch(found.id, NOW + timedelta(minutes=1))
            return [uow.sessions.save(found.with_cart(CART)), uow.sessions.rotate(found)]

        issued = await stores.change(save_and_end)

        assert await _found(stores, token, *issued) == {}

    async def test_a_session_that_ended_meanwhile_is_not_there_to_be_saved(
        self, stores: Stores
    ) -> None:
        token = await _begin(stores, session("1"))

        async def order() -> Mapping[SessionToken, Session]:
            async with stores.unit_of_work() as uow:
                return await uow.sessions.lock([token])

        async with stores.unit_of_work() as uow:
            await uow.sessions.lock([token])
            second = asyncio.create_task(order())
            await asyncio.sleep(PAUSE_SECONDS)
            uow.sessions.revoke(session("1").id)
            await uow.commit()

        assert await second == {}

    async def test_an_end_that_is_rolled_back_ends_nothing(self, stores: Stores) -> None:
        token = await _begin(stores, FULL)

        async with stores.unit_of_work() as uow:
            uow.sessions.revoke(FULL.id)
            assert await uow.sessions.revoke_one(ADA.id, FULL.id)
            await uow.sessions.revoke_all(ADA.id, except_session_id=None)
            await uow.sessions.purge_expired(POLICY, NOW + timedelta(days=9))

        assert await _found(stores, token) == {token: FULL}


class TestEndOne:
    async def test_a_users_session_is_ended(self, stores: Stores) -> None:
        first, second = _of(ADA.id, "1"), _of(ADA.id, "2")
        one, two = await _begin(stores, first), await _begin(stores, second)

        assert await stores.change(lambda uow: uow.sessions.revoke_one(ADA.id, first.id)) is True

        assert await _found(stores, one, two) == {two: second}
        assert await stores.change(lambda uow: uow.sessions.revoke_one(ADA.id, first.id)) is False

    async def test_nobody_elses_session_is_ended(self, stores: Stores) -> None:
        adas, nobodys = _of(ADA.id, "1"), session("2")
        one, two = await _begin(stores, adas), await _begin(stores, nobodys)

        assert await stores.change(lambda uow: uow.sessions.revoke_one(BOB.id, adas.id)) is False
        assert await stores.change(lambda uow: uow.sessions.revoke_one(BOB.id, nobodys.id)) is False

        assert await _found(stores, one, two) == {one: adas, two: nobodys}


class TestEndAll:
    async def test_all_of_a_users_sessions_but_one_are_ended(self, stores: Stores) -> None:
        sessions = [_of(ADA.id, "1"), _of(ADA.id, "2"), _of(ADA.id, "3"), _of(BOB.id, "4")]
        tokens = [await _begin(stores, each) for each in sessions]

        ended = await stores.change(
            lambda uow: uow.sessions.revoke_all(ADA.id, except_session_id=sessions[1].id)
        )

        assert ended == 2
        assert await _found(stores, *tokens) == {tokens[1]: sessions[1], tokens[3]: sessions[3]}

    async def test_without_one_to_keep_all_are_ended(self, stores: Stores) -> None:
        sessions = [_of(ADA.id, "1"), _of(ADA.id, "2"), session("3")]
        tokens = [await _begin(stores, each) for each in sessions]

        assert (
            await stores.change(lambda uow: uow.sessions.revoke_all(ADA.id, except_session_id=None))
            == 2
        )

        assert await _found(stores, *tokens) == {tokens[2]: sessions[2]}

    async def test_the_one_to_keep_may_be_saved_under_a_new_token(self, stores: Stores) -> None:
        kept, other = _of(ADA.id, "1"), _of(ADA.id, "2")
        one, two = await _begin(stores, kept), await _begin(stores, other)

        async def change_password(uow: UnitOfWork) -> SessionToken:
            found = (await uow.sessions.lock([one]))[one]
            issued = uow.sessions.rotate(found)
            assert await uow.sessions.revoke_all(ADA.id, except_session_id=found.id) == 1
            return issued

        issued = await stores.change(change_password)

        assert (await _found(stores, one, two, issued)).keys() == {issued}


class TestOfUser:
    async def _ids(
        self, stores: Stores, limit: int = 100, after: TimeCursor | None = None
    ) -> Page[UUID, TimeCursor]:
        page = PageRequest(limit=limit, after=after)
        found = await stores.see(lambda uow: uow.sessions.for_user(ADA.id, page))
        return Page(items=[each.id for each in found.items], next=found.next)

    async def test_a_users_sessions_are_listed_as_they_are(self, stores: Stores) -> None:
        adas = _of(ADA.id, "1", last_order_id=an_id("order"), roles=ADA.roles)
        await _begin(stores, adas)
        page: PageRequest[TimeCursor] = PageRequest(limit=100, after=None)

        found = await stores.see(lambda uow: uow.sessions.for_user(ADA.id, page))

        assert found == Page(items=[adas], next=None)

    async def test_only_the_users_own_are_listed(self, stores: Stores) -> None:
        for each in (_of(BOB.id, "1"), session("2")):
            await _begin(stores, each)

        assert await self._ids(stores) == Page(items=[], next=None)

    async def test_the_newest_come_first_page_by_page(self, stores: Stores) -> None:
        # Three by three at the same time, so that pages end between sessions of one time.
        sessions = [
            _of(ADA.id, str(n), created_at=NOW + timedelta(minutes=n // 3)) for n in range(7)
        ]
        for each in sessions:
            await _begin(stores, each)
        newest_first = sorted(sessions, key=lambda each: (each.created_at, each.id), reverse=True)

        first = await self._ids(stores, limit=2)
        second = await self._ids(stores, limit=2, after=first.next)
        third = await self._ids(stores, limit=2, after=second.next)
        last = await self._ids(stores, limit=2, after=third.next)

        found = [each for page in (first, second, third, last) for each in page.items]
        assert found == [each.id for each in newest_first]
        assert [len(page.items) for page in (first, second, third, last)] == [2, 2, 2, 1]
        assert last.next is None

    async def test_a_page_that_is_just_full_is_the_last(self, stores: Stores) -> None:
        await _begin(stores, _of(ADA.id, "1"))

        assert await self._ids(stores, limit=1) == Page(items=[_of(ADA.id, "1").id], next=None)


class TestSweep:
    async def test_sessions_that_have_expired_are_ended(self, stores: Stores) -> None:
        idle, absolute = POLICY.idle, POLICY.absolute
        instant = timedelta(microseconds=1)
        old = NOW - absolute
        sessions = [
            session("idle", last_seen_at=NOW - idle),
            session("in use", last_seen_at=NOW - idle + instant),
            session("too old", created_at=old, last_seen_at=NOW),
            session("old", created_at=old + instant, last_seen_at=NOW),
            _of(ADA.id, "idle too", last_seen_at=NOW - idle),
        ]
        tokens = [await _begin(stores, each) for each in sessions]

        assert await stores.change(lambda uow: uow.sessions.purge_expired(POLICY, NOW)) == 3

        assert await _found(stores, *tokens) == {tokens[1]: sessions[1], tokens[3]: sessions[3]}
        assert await stores.change(lambda uow: uow.sessions.purge_expired(POLICY, NOW)) == 0
