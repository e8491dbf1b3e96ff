"""What stores owe that keep the content of sessions, once their visitors have gone."""

import pytest

from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.session import Session
from tests.contract.stores import Stores
from tests.factories import an_id, session

pytestmark = pytest.mark.anyio


async def _begin(stores: Stores, session: Session) -> SessionToken:
    async def begin(uow: UnitOfWork) -> SessionToken:
        return uow.sessions.create(session)

    return await stores.change(begin)


async def test_a_session_is_changed_after_its_visitor_has_gone(stores: Stores) -> None:
    begun = session(preferences={"theme": "dark"})
    token = await _begin(stores, begun)
    other = session("2")
    others = await _begin(stores, other)

    async def track(uow: UnitOfWork) -> None:
        found = await uow.sessions.lock_by_id([begun.id, an_id("nobody's session")])
        assert set(found) == {begun.id}
        uow.sessions.save(found[begun.id].with_last_order(an_id("order")))

    await stores.change(track)

    found = await stores.see(lambda uow: uow.sessions.find([token, others]))
    changed = found[token]
    assert (changed.last_order_id, changed.preferences) == (an_id("order"), {"theme": "dark"})
    assert changed.version == begun.version + 1
    assert found[others] == other


async def test_what_its_visitor_changed_meanwhile_is_not_lost(stores: Stores) -> None:
    token = await _begin(stores, session())

    async def prefer(uow: UnitOfWork) -> None:
        found = (await uow.sessions.lock([token]))[token]
        uow.sessions.save(found.with_preferences({"theme": "dark"}))

    await stores.change(prefer)

    async def track(uow: UnitOfWork) -> None:
        found = await uow.sessions.lock_by_id([session().id])
        uow.sessions.save(found[session().id].with_last_order(an_id("order")))

    await stores.change(track)
    found = (await stores.see(lambda uow: uow.sessions.find([token])))[token]
    assert (found.last_order_id, found.preferences) == (an_id("order"), {"theme": "dark"})


async def test_sealed_sessions_are_their_visitors_alone(cookie_stores: Stores) -> None:
    await _begin(cookie_stores, session())

    assert await cookie_stores.change(lambda uow: uow.sessions.lock_by_id([session().id])) == {}
