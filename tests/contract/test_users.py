"""What every adapter owes the port to users."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shop.application.ports.paging import PageRequest, TimeCursor
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.user import EmailTaken, Role, User
from tests.contract.storage import Storage
from tests.factories import NOW, id_of, user

pytestmark = pytest.mark.anyio

ADA, BOB = user("ada"), user("bob", roles=frozenset({Role.CUSTOMER, Role.ADMIN}), enabled=False)


async def test_users_are_found_by_id_as_they_were_added(storage: Storage) -> None:
    await storage.commit(lambda uow: uow.users.add(ADA), lambda uow: uow.users.add(BOB))

    found = await storage.read(lambda uow: uow.users.get_many([BOB.id, ADA.id, id_of("unknown")]))

    assert found == {ADA.id: ADA, BOB.id: BOB}


async def test_users_are_found_by_email_address(storage: Storage) -> None:
    await storage.commit(lambda uow: uow.users.add(ADA), lambda uow: uow.users.add(BOB))

    found = await storage.read(
        lambda uow: uow.users.with_emails([BOB.email, "unknown@example.com", "ADA@example.com"])
    )

    assert found == {BOB.email: BOB}


async def test_search_for_no_ids_returns_nothing(storage: Storage) -> None:
    await storage.commit(lambda uow: uow.users.add(ADA))

    async def ask(uow: UnitOfWork) -> tuple[object, ...]:
        return await uow.users.get_many([]), await uow.users.with_emails([])

    assert await storage.read(ask) == ({}, {})


async def test_name_may_have_any_characters(storage: Storage) -> None:
    poet = user("poet", name="Ōe 大江 'x' \\ \" 🙂", email="大江@例え.jp")
    await storage.commit(lambda uow: uow.users.add(poet))

    assert await storage.read(lambda uow: uow.users.with_emails([poet.email])) == {poet.email: poet}


async def test_locked_user_is_saved(storage: Storage) -> None:
    await storage.commit(lambda uow: uow.users.add(ADA), lambda uow: uow.users.add(BOB))

    async def promote(uow: UnitOfWork) -> User:
        found = await uow.users.lock([ADA.id, id_of("unknown")])
        assert found == {ADA.id: ADA}
        promoted = found[ADA.id].with_role(Role.ADMIN).with_password_hash("another")
        uow.users.save(promoted)
        return promoted

    promoted = await storage.write(promote)

    found = await storage.read(lambda uow: uow.users.get_many([ADA.id, BOB.id]))
    assert found == {ADA.id: promoted, BOB.id: BOB}


async def test_user_that_is_not_locked_cannot_be_saved(storage: Storage) -> None:
    await storage.commit(lambda uow: uow.users.add(ADA))

    async with storage.unit_of_work() as uow:
        await uow.users.get_many([ADA.id])
        with pytest.raises(RuntimeError):
            uow.users.save(ADA.with_role(Role.ADMIN))

    assert await storage.read(lambda uow: uow.users.get_many([ADA.id])) == {ADA.id: ADA}


async def test_email_address_belongs_to_one_user(storage: Storage) -> None:
    await storage.commit(lambda uow: uow.users.add(ADA))
    impostor = user("impostor", email=ADA.email)

    with pytest.raises(EmailTaken):
        await storage.commit(lambda uow: uow.users.add(BOB), lambda uow: uow.users.add(impostor))

    ids = [ADA.id, BOB.id, impostor.id]
    assert await storage.read(lambda uow: uow.users.get_many(ids)) == {ADA.id: ADA}


async def test_two_new_users_cannot_share_an_email_address(storage: Storage) -> None:
    impostor = user("impostor", email=ADA.email)

    with pytest.raises(EmailTaken):
        await storage.commit(lambda uow: uow.users.add(ADA), lambda uow: uow.users.add(impostor))

    assert await storage.read(lambda uow: uow.users.with_emails([ADA.email])) == {}


class TestSearchingUsers:
    @pytest.mark.parametrize(
        ("words", "found"),
        [
            ("", ["straße", "ada", "ömer"]),
            ("ADA", ["ada"]),
            ("Ada@Example", ["ada"]),
            ("STRASSE", ["straße"]),
            ("Ömer", ["ömer"]),
            ("100%", []),
            ("a_a", []),
        ],
    )
    async def test_name_or_address_contains_the_words(
        self, storage: Storage, words: str, found: list[str]
    ) -> None:
        def add_all(uow: UnitOfWork) -> None:
            for position, name in enumerate(("ömer", "ada", "straße")):
                at = NOW + timedelta(hours=position)
                email = f"{name}@example.com"
                uow.users.add(user(name, name=name.title(), email=email, created_at=at))

        await storage.commit(add_all)

        page = await storage.read(
            lambda uow: uow.users.search(words, PageRequest(limit=10, after=None))
        )

        assert [each.name.casefold() for each in page.items] == [name.casefold() for name in found]
        assert page.next is None

    async def test_pages_follow_each_other(self, storage: Storage) -> None:
        await storage.commit(lambda uow: uow.users.add(ADA), lambda uow: uow.users.add(BOB))
        newest, oldest = sorted((ADA, BOB), key=lambda each: (each.created_at, each.id))[::-1]

        first = await storage.read(
            lambda uow: uow.users.search("", PageRequest(limit=1, after=None))
        )
        second = await storage.read(
            lambda uow: uow.users.search("", PageRequest(limit=1, after=first.next))
        )

        assert first.items == [newest]
        assert first.next == TimeCursor(at=newest.created_at, id=newest.id)
        assert (second.items, second.next) == ([oldest], None)

    async def test_saved_user_is_found_under_the_new_name(self, storage: Storage) -> None:
        await storage.commit(lambda uow: uow.users.add(ADA))

        async def rename(uow: UnitOfWork) -> None:
            (found,) = (await uow.users.lock([ADA.id])).values()
            uow.users.save(replace(found, name="Countess"))

        await storage.write(rename)
        page = await storage.read(
            lambda uow: uow.users.search("countess", PageRequest(limit=1, after=None))
        )

        assert [each.id for each in page.items] == [ADA.id]
