"""Revoked, listed and purged sessions: what adapters owe the port `SessionStore`."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from shop.application.ports.paging import Page, PageRequest, TimeCursor
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.session import Session
from tests.contract.session_store.stored_sessions import (
    ADA,
    BOB,
    CONTENT,
    FULL,
    PAUSE_SECONDS,
    POLICY,
    create,
    find,
    session_of,
)
from tests.contract.storage import Storage
from tests.factories import NOW, id_of, session

pytestmark = pytest.mark.anyio


class TestRevoke:
    async def test_revoked_token_finds_nothing(self, storage: Storage) -> None:
        token, other = await create(storage, FULL), await create(storage, session("other"))

        await storage.commit(lambda uow: uow.sessions.revoke(FULL.id))

        assert await find(storage, token, other) == {other: session("other")}

    async def test_session_is_revoked_once(self, storage: Storage) -> None:
        token = await create(storage, FULL)

        await storage.commit(lambda uow: uow.sessions.revoke(FULL.id))
        await storage.commit(lambda uow: uow.sessions.revoke(FULL.id))

        assert await find(storage, token) == {}

    async def test_revocation_wins_over_a_save_in_the_same_unit_of_work(
        self, storage: Storage
    ) -> None:
        token = await create(storage, session("1"))

        async def save_and_end(uow: UnitOfWork) -> list[SessionToken]:
            found = (await uow.sessions.lock([token]))[token]
            uow.sessions.revoke(found.id)
            uow.sessions.touch(found.id, NOW + timedelta(minutes=1))
            return [uow.sessions.save(found.with_content(CONTENT)), uow.sessions.rotate(found)]

        issued = await storage.write(save_and_end)

        assert await find(storage, token, *issued) == {}

    async def test_session_revoked_meanwhile_cannot_be_saved(self, storage: Storage) -> None:
        token = await create(storage, session("1"))

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
        token = await create(storage, FULL)

        async with storage.unit_of_work() as uow:
            uow.sessions.revoke(FULL.id)
            assert await uow.sessions.revoke_one(ADA.id, FULL.id)
            await uow.sessions.revoke_all(ADA.id, except_session_id=None)
            await uow.sessions.purge_expired(POLICY, NOW + timedelta(days=9))

        assert await find(storage, token) == {token: FULL}


class TestRevokeOne:
    async def test_session_of_the_user_is_revoked(self, storage: Storage) -> None:
        first, second = session_of(ADA.id, "1"), session_of(ADA.id, "2")
        one, two = await create(storage, first), await create(storage, second)

        assert await storage.write(lambda uow: uow.sessions.revoke_one(ADA.id, first.id)) is True

        assert await find(storage, one, two) == {two: second}
        assert await storage.write(lambda uow: uow.sessions.revoke_one(ADA.id, first.id)) is False

    async def test_session_of_another_user_is_not_revoked(self, storage: Storage) -> None:
        adas, nobodys = session_of(ADA.id, "1"), session("2")
        one, two = await create(storage, adas), await create(storage, nobodys)

        assert await storage.write(lambda uow: uow.sessions.revoke_one(BOB.id, adas.id)) is False
        assert await storage.write(lambda uow: uow.sessions.revoke_one(BOB.id, nobodys.id)) is False

        assert await find(storage, one, two) == {one: adas, two: nobodys}


class TestRevokeAll:
    async def test_all_sessions_of_the_user_but_one_are_revoked(self, storage: Storage) -> None:
        sessions = [
            session_of(ADA.id, "1"),
            session_of(ADA.id, "2"),
            session_of(ADA.id, "3"),
            session_of(BOB.id, "4"),
        ]
        tokens = [await create(storage, each) for each in sessions]

        ended = await storage.write(
            lambda uow: uow.sessions.revoke_all(ADA.id, except_session_id=sessions[1].id)
        )

        assert ended == 2
        assert await find(storage, *tokens) == {tokens[1]: sessions[1], tokens[3]: sessions[3]}

    async def test_all_sessions_are_revoked_without_an_exception(self, storage: Storage) -> None:
        sessions = [session_of(ADA.id, "1"), session_of(ADA.id, "2"), session("3")]
        tokens = [await create(storage, each) for each in sessions]

        assert (
            await storage.write(lambda uow: uow.sessions.revoke_all(ADA.id, except_session_id=None))
            == 2
        )

        assert await find(storage, *tokens) == {tokens[2]: sessions[2]}

    async def test_excepted_session_can_be_saved_under_a_new_token(self, storage: Storage) -> None:
        kept, other = session_of(ADA.id, "1"), session_of(ADA.id, "2")
        one, two = await create(storage, kept), await create(storage, other)

        async def change_password(uow: UnitOfWork) -> SessionToken:
            found = (await uow.sessions.lock([one]))[one]
            issued = uow.sessions.rotate(found)
            assert await uow.sessions.revoke_all(ADA.id, except_session_id=found.id) == 1
            return issued

        issued = await storage.write(change_password)

        assert (await find(storage, one, two, issued)).keys() == {issued}


class TestRevokeOldest:
    async def test_newest_sessions_of_the_user_are_kept(self, storage: Storage) -> None:
        sessions = [
            replace(session_of(ADA.id, str(hour)), created_at=NOW + timedelta(hours=hour))
            for hour in (2, 0, 3, 1)
        ]
        sessions.append(session("5"))
        tokens = [await create(storage, each) for each in sessions]

        ended = await storage.write(
            lambda uow: uow.sessions.revoke_oldest(ADA.id, keep=2, except_session_id=sessions[2].id)
        )

        assert ended == 1
        assert set(await find(storage, *tokens)) == {*tokens} - {tokens[1]}
        none_left = await storage.write(
            lambda uow: uow.sessions.revoke_oldest(ADA.id, keep=0, except_session_id=sessions[2].id)
        )
        assert none_left == 2
        assert set(await find(storage, *tokens)) == {tokens[2], tokens[4]}


class TestListForUser:
    async def _ids(
        self, storage: Storage, limit: int = 100, after: TimeCursor | None = None
    ) -> Page[UUID, TimeCursor]:
        page = PageRequest(limit=limit, after=after)
        found = await storage.read(lambda uow: uow.sessions.for_user(ADA.id, page))
        return Page(items=[each.id for each in found.items], next=found.next)

    async def test_sessions_of_the_user_are_listed_unchanged(self, storage: Storage) -> None:
        adas = session_of(ADA.id, "1", last_order_id=id_of("order"), roles=ADA.roles)
        await create(storage, adas)
        page: PageRequest[TimeCursor] = PageRequest(limit=100, after=None)

        found = await storage.read(lambda uow: uow.sessions.for_user(ADA.id, page))

        assert found == Page(items=[adas], next=None)

    async def test_sessions_of_other_users_are_not_listed(self, storage: Storage) -> None:
        for each in (session_of(BOB.id, "1"), session("2")):
            await create(storage, each)

        assert await self._ids(storage) == Page(items=[], next=None)

    async def test_newest_sessions_come_first_in_pages(self, storage: Storage) -> None:
        # Three by three at the same time, so that pages end between sessions of one time.
        sessions = [
            session_of(ADA.id, str(n), created_at=NOW + timedelta(minutes=n // 3)) for n in range(7)
        ]
        for each in sessions:
            await create(storage, each)
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
        await create(storage, session_of(ADA.id, "1"))

        assert await self._ids(storage, limit=1) == Page(
            items=[session_of(ADA.id, "1").id], next=None
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
            session_of(ADA.id, "idle too", last_seen_at=NOW - idle),
        ]
        tokens = [await create(storage, each) for each in sessions]

        assert await storage.write(lambda uow: uow.sessions.purge_expired(POLICY, NOW)) == 3

        assert await find(storage, *tokens) == {tokens[1]: sessions[1], tokens[3]: sessions[3]}
        assert await storage.write(lambda uow: uow.sessions.purge_expired(POLICY, NOW)) == 0

    async def test_idle_sessions_without_a_user_are_removed_earlier(self, storage: Storage) -> None:
        policy = replace(POLICY, visitor_idle=POLICY.idle / 2)
        idle_since = NOW - policy.visitor_idle
        visitor = session("visitor", last_seen_at=idle_since)
        in_use = session("in use", last_seen_at=idle_since + timedelta(microseconds=1))
        of_ada = session_of(ADA.id, "1", last_seen_at=idle_since)
        tokens = [await create(storage, each) for each in (visitor, in_use, of_ada)]

        assert await storage.write(lambda uow: uow.sessions.purge_expired(policy, NOW)) == 1
        assert await find(storage, *tokens) == {tokens[1]: in_use, tokens[2]: of_ada}
