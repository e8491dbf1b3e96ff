"""Changes of sessions: what adapters owe the port `SessionStore`."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.session import SessionConflict
from tests.contract.session_store.stored_sessions import (
    CART,
    CONTENT,
    FULL,
    PAUSE_SECONDS,
    POLICY,
    create,
    find,
    find_one,
    save,
)
from tests.contract.storage import Storage
from tests.factories import NOW, id_of, session

pytestmark = pytest.mark.anyio


class TestSave:
    async def test_locked_session_is_saved_and_its_version_increases(
        self, storage: Storage
    ) -> None:
        token = await create(storage, session("1"))
        changed = session("1").with_content(CONTENT).with_preferences({"theme": "dark"})

        token = await save(storage, token, changed)

        saved = session("1", cart=CART, preferences={"theme": "dark"}, version=1)
        assert await find(storage, token) == {token: saved}

    async def test_saves_can_follow_each_other(self, storage: Storage) -> None:
        token = await create(storage, session("1"))
        for number in (1, 2, 3):
            found = await find_one(storage, token)
            token = await save(storage, token, found.with_last_order(id_of(str(number))))

        assert await find_one(storage, token) == session("1", last_order_id=id_of("3"), version=3)

    async def test_last_of_two_saves_in_one_unit_of_work_is_stored(self, storage: Storage) -> None:
        token = await create(storage, session("1"))

        async def save_twice(uow: UnitOfWork) -> SessionToken:
            found = (await uow.sessions.lock([token]))[token]
            uow.sessions.save(found.with_last_order(id_of("first")).with_content(CONTENT))
            return uow.sessions.save(found.with_last_order(id_of("second")))

        token = await storage.write(save_twice)

        assert await find_one(storage, token) == session(
            "1", last_order_id=id_of("second"), version=1
        )

    async def test_session_that_is_not_locked_cannot_be_saved(self, storage: Storage) -> None:
        token = await create(storage, session("1"))

        async with storage.unit_of_work() as uow:
            found = (await uow.sessions.find([token]))[token]
            with pytest.raises(RuntimeError):
                uow.sessions.save(found.with_content(CONTENT))
            with pytest.raises(RuntimeError):
                uow.sessions.rotate(found.with_content(CONTENT))

        assert await find(storage, token) == {token: session("1")}

    async def test_stale_session_is_rejected(self, storage: Storage) -> None:
        token = await create(storage, session("1"))
        token = await save(storage, token, session("1").with_last_order(id_of("first")))

        with pytest.raises(SessionConflict):
            await save(storage, token, session("1").with_last_order(id_of("second")))

        assert await find_one(storage, token) == session(
            "1", last_order_id=id_of("first"), version=1
        )

    async def test_rolled_back_save_changes_nothing(self, storage: Storage) -> None:
        token = await create(storage, session("1"))

        async with storage.unit_of_work() as uow:
            found = (await uow.sessions.lock([token]))[token]
            issued = uow.sessions.rotate(found.with_content(CONTENT))

        assert await find(storage, token, issued) == {token: session("1")}

    async def test_second_lock_waits_for_the_first(self, storage: Storage) -> None:
        token = await create(storage, session("1"))

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


class TestTouch:
    async def test_last_use_is_stored_and_nothing_else_changes(self, storage: Storage) -> None:
        token = await create(storage, FULL)
        later = NOW + timedelta(minutes=5)

        await storage.commit(lambda uow: uow.sessions.touch(FULL.id, later))

        assert await find_one(storage, token) == FULL.used_at(later)

    async def test_last_use_never_goes_back(self, storage: Storage) -> None:
        token = await create(storage, FULL)

        await storage.commit(lambda uow: uow.sessions.touch(FULL.id, NOW - timedelta(minutes=5)))

        assert await find_one(storage, token) == FULL

    async def test_revoked_session_stays_revoked(self, storage: Storage) -> None:
        token = await create(storage, FULL)
        await storage.commit(lambda uow: uow.sessions.revoke(FULL.id))

        await storage.commit(lambda uow: uow.sessions.touch(FULL.id, NOW))

        assert await find(storage, token) == {}

    async def test_unknown_session_is_not_created(self, storage: Storage) -> None:
        await storage.commit(lambda uow: uow.sessions.touch(id_of("none"), NOW))

        assert (
            await storage.write(
                lambda uow: uow.sessions.purge_expired(POLICY, NOW + timedelta(days=99))
            )
            == 0
        )
