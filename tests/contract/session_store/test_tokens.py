"""Tokens of sessions: what adapters owe the port `SessionStore`."""

from datetime import timedelta

import pytest

from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import ConstraintViolated, UnitOfWork
from shop.domain.session import SessionConflict
from tests.contract.session_store.stored_sessions import (
    ADA,
    CART,
    CONTENT,
    FULL,
    create,
    find,
    find_one,
    save,
    session_of,
)
from tests.contract.storage import Storage
from tests.factories import NOW, id_of, session

pytestmark = pytest.mark.anyio


class TestTokens:
    async def test_new_session_is_found_as_it_was_created(self, storage: Storage) -> None:
        empty = session("empty")
        first, second = await create(storage, FULL), await create(storage, empty)

        assert await find(storage, second, first) == {first: FULL, second: empty}

    async def test_no_tokens_find_no_sessions(self, storage: Storage) -> None:
        await create(storage, FULL)

        assert await find(storage) == {}

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
        await create(storage, FULL)

        assert await find(storage, token) == {}

    async def test_tampered_token_finds_nothing(self, storage: Storage) -> None:
        token = await create(storage, FULL)
        turned = token.swapcase()

        assert await find(storage, turned, token[:-1], token + "A", " " + token) == {}

    async def test_token_of_a_rolled_back_session_finds_nothing(self, storage: Storage) -> None:
        async with storage.unit_of_work() as uow:
            token = uow.sessions.create(FULL)
            assert await uow.sessions.find([token]) == {}

        assert await find(storage, token) == {}

    async def test_new_token_needs_no_rotation(self, storage: Storage) -> None:
        token = await create(storage, FULL)

        async with storage.snapshot() as uow:
            found = await uow.sessions.find([token])
            assert not uow.sessions.needs_rotation(found[token])

    async def test_session_of_an_unknown_user_is_rejected(self, storage: Storage) -> None:
        with pytest.raises(ConstraintViolated):
            await create(storage, session_of(id_of("unknown"), "1"))

    async def test_expired_sessions_are_found(self, storage: Storage) -> None:
        ancient = session("old", last_seen_at=NOW - timedelta(days=999))
        token = await create(storage, ancient)

        assert await find(storage, token) == {token: ancient}


class TestRotate:
    async def test_new_token_replaces_the_old_one(self, storage: Storage) -> None:
        old = await create(storage, session("1"))

        async def rotate(uow: UnitOfWork) -> SessionToken:
            found = (await uow.sessions.lock([old]))[old]
            return uow.sessions.rotate(found.signed_in_as(ADA, at=NOW))

        new = await storage.write(rotate)

        signed_in = session("1", user_id=ADA.id, roles=ADA.roles, signed_in_at=NOW, version=1)
        assert await find(storage, old, new) == {new: signed_in}

    async def test_save_after_rotation_keeps_the_new_token(self, storage: Storage) -> None:
        old = await create(storage, session("1"))

        async def rotate_and_save(uow: UnitOfWork) -> tuple[SessionToken, SessionToken]:
            found = (await uow.sessions.lock([old]))[old]
            issued = uow.sessions.rotate(found.with_content(CONTENT))
            return issued, uow.sessions.save(found.with_last_order(id_of("order")))

        _, token = await storage.write(rotate_and_save)

        saved = session("1", last_order_id=id_of("order"), version=1)
        assert await find(storage, old, token) == {token: saved}

    async def test_stale_session_is_rejected(self, storage: Storage) -> None:
        token = await create(storage, session("1"))
        token = await save(storage, token, session("1").with_content(CONTENT))

        async def rotate(uow: UnitOfWork) -> None:
            await uow.sessions.lock([token])
            uow.sessions.rotate(session("1").signed_in_as(ADA, at=NOW))

        with pytest.raises(SessionConflict):
            await storage.write(rotate)

        assert await find_one(storage, token) == session("1", cart=CART, version=1)
