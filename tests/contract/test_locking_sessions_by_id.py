"""Locking sessions by id, without their tokens: for stores that keep the content of sessions."""

import pytest

from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.session import Session
from tests.contract.storage import Storage
from tests.factories import id_of, session

pytestmark = pytest.mark.anyio


async def _create(storage: Storage, session: Session) -> SessionToken:
    async def begin(uow: UnitOfWork) -> SessionToken:
        return uow.sessions.create(session)

    return await storage.write(begin)


async def test_session_can_be_changed_by_id_without_its_token(storage: Storage) -> None:
    created = session(preferences={"theme": "dark"})
    token = await _create(storage, created)
    other = session("2")
    others = await _create(storage, other)

    async def track(uow: UnitOfWork) -> None:
        found = await uow.sessions.lock_by_id([created.id, id_of("unknown session")])
        assert set(found) == {created.id}
        uow.sessions.save(found[created.id].with_last_order(id_of("order")))

    await storage.write(track)

    found = await storage.read(lambda uow: uow.sessions.find([token, others]))
    changed = found[token]
    assert (changed.last_order_id, changed.preferences) == (id_of("order"), {"theme": "dark"})
    assert changed.version == created.version + 1
    assert found[others] == other


async def test_change_by_id_keeps_concurrent_changes(storage: Storage) -> None:
    token = await _create(storage, session())

    async def prefer(uow: UnitOfWork) -> None:
        found = (await uow.sessions.lock([token]))[token]
        uow.sessions.save(found.with_preferences({"theme": "dark"}))

    await storage.write(prefer)

    async def track(uow: UnitOfWork) -> None:
        found = await uow.sessions.lock_by_id([session().id])
        uow.sessions.save(found[session().id].with_last_order(id_of("order")))

    await storage.write(track)
    found = (await storage.read(lambda uow: uow.sessions.find([token])))[token]
    assert (found.last_order_id, found.preferences) == (id_of("order"), {"theme": "dark"})


async def test_encrypted_sessions_cannot_be_locked_by_id(cookie_storage: Storage) -> None:
    await _create(cookie_storage, session())

    assert await cookie_storage.write(lambda uow: uow.sessions.lock_by_id([session().id])) == {}
