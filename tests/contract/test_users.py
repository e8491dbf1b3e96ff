"""What every adapter owes the port to users."""

import pytest

from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.user import EmailTaken, Role, User
from tests.contract.storage import Storage
from tests.factories import id_of, user

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
