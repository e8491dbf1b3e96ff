"""Snapshots that read ahead: one statement without a transaction, and no other question."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import asyncpg
import pytest
from sqlalchemy import event, text

from shop.adapters.sql.database import SqlDatabase
from shop.adapters.sql.snapshot.unit_of_work import SqlSnapshot
from shop.adapters.sql.unit_of_work import SqlUnitOfWork
from shop.application.ports.paging import PageRequest
from shop.application.ports.repositories.products import ProductListing
from shop.application.ports.rows_wanted import RowsWanted
from tests.factories import id_of, session, user

pytestmark = pytest.mark.anyio

ADA = user("ada")
OF_ADA = session("of ada", user_id=ADA.id)


@pytest.fixture
async def token(postgresql: SqlDatabase) -> str:
    async with SqlUnitOfWork(postgresql, writing=True) as uow:
        uow.users.add(ADA)
        token = uow.sessions.create(OF_ADA)
        await uow.commit()
    # The first connection asks what types there are.
    async with _snapshot(postgresql) as uow:
        await uow.read_ahead([RowsWanted(session=token)])
    return token


async def test_reading_ahead_is_one_statement_without_a_transaction(
    postgresql: SqlDatabase, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _sent_to(postgresql, monkeypatch) as sent:
        async with _snapshot(postgresql) as uow:
            await uow.read_ahead([RowsWanted(session=token, order_ids=[id_of("no order")])])
            assert await uow.sessions.find([token]) == {token: OF_ADA}
            assert await uow.users.get_many([ADA.id]) == {ADA.id: ADA}
            assert await uow.orders.get_many([id_of("no order")]) == {}

    (statement,) = sent
    assert statement.startswith("WITH")


async def test_questions_share_a_read_only_snapshot(
    postgresql: SqlDatabase, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    del token
    with _sent_to(postgresql, monkeypatch) as sent:
        async with _snapshot(postgresql) as uow:
            assert await uow.users.get_many([ADA.id]) == {ADA.id: ADA}
            async with postgresql.writer.begin() as connection:
                await connection.execute(text("UPDATE users SET name = 'Another'"))
            assert await uow.users.get_many([ADA.id]) == {ADA.id: ADA}

    assert "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;" in sent


async def test_a_single_question_is_one_statement_without_a_transaction(
    postgresql: SqlDatabase, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    del token
    with _sent_to(postgresql, monkeypatch) as sent:
        async with _snapshot(postgresql) as uow:
            uow.ask_once()
            assert await uow.users.get_many([ADA.id]) == {ADA.id: ADA}
            with pytest.raises(RuntimeError, match="only one question"):
                await uow.users.get_many([ADA.id])

    (statement,) = sent
    assert statement.startswith("SELECT")


async def test_pages_are_one_statement_however_many_are_asked_for(
    postgresql: SqlDatabase, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    del token
    questions = [
        ProductListing(page=PageRequest(limit=limit, after=None), active=active)
        for active in (True, False)
        for limit in range(1, 20)
    ]
    with _sent_to(postgresql, monkeypatch) as sent:
        async with _snapshot(postgresql) as uow:
            uow.ask_once()
            await uow.products.pages(questions)

    assert len(sent) == 1


async def test_a_snapshot_that_is_asked_nothing_begins_nothing(
    postgresql: SqlDatabase, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    del token
    with _sent_to(postgresql, monkeypatch) as sent:
        async with _snapshot(postgresql):
            pass

    assert sent == []


async def test_what_was_not_read_ahead_is_not_answered(postgresql: SqlDatabase, token: str) -> None:
    async with _snapshot(postgresql) as uow:
        await uow.read_ahead([RowsWanted(session=token)])
        with pytest.raises(RuntimeError, match="was not read ahead"):
            await uow.users.with_emails([ADA.email])
        with pytest.raises(RuntimeError, match="was not read ahead"):
            await uow.products.get_many(["TEA"])
        with pytest.raises(RuntimeError, match="was not read ahead"):
            await uow.orders.history(id_of("no order"))


def _snapshot(database: SqlDatabase) -> SqlSnapshot:
    return SqlSnapshot(database, writing=False)


@contextmanager
def _sent_to(database: SqlDatabase, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sequence[str]]:
    """Yield the statements that are sent, BEGIN and its like included."""
    sent: list[str] = []
    execute = asyncpg.Connection.execute

    async def recorded(self: asyncpg.Connection, query: str, **options: object) -> object:
        sent.append(query)
        return await execute(self, query, **options)

    def record(*arguments: object) -> None:
        sent.append(str(arguments[2]).strip())

    engine = database.writer.sync_engine
    event.listen(engine, "before_cursor_execute", record)
    with monkeypatch.context() as patch:
        patch.setattr(asyncpg.Connection, "execute", recorded)
        try:
            yield sent
        finally:
            event.remove(engine, "before_cursor_execute", record)
