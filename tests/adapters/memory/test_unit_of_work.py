"""The unit of work in memory, beyond the port: it rejects misuse and names the broken rule."""

import asyncio
from collections.abc import Callable

import pytest

from shop.adapters.memory.engine.database import MemoryDatabase
from shop.adapters.memory.unit_of_work import MemoryUnitOfWork
from shop.application.ports.repositories.idempotency_keys import Succeeded
from shop.application.ports.unit_of_work import ConstraintViolated, UnitOfWork
from shop.domain.account import Transfer
from shop.domain.inventory import Inventory
from shop.domain.orders.order import Actor
from tests.factories import (
    SALES,
    account,
    claim,
    claim_keys,
    id_of,
    inventory,
    key_of,
    line,
    order,
    payment,
    product,
    session,
    stock_movement,
    transfer,
    user,
)

pytestmark = pytest.mark.anyio

ADA, BOB = user("ada"), user("bob")
ADA_ACCOUNT = account(ADA, 100)
ORDER = order(ADA)


@pytest.fixture
def database() -> MemoryDatabase:
    return MemoryDatabase()


def _writing(database: MemoryDatabase) -> MemoryUnitOfWork:
    return MemoryUnitOfWork(database, writing=True)


async def _commit(database: MemoryDatabase, *stagings: Callable[[UnitOfWork], object]) -> None:
    async with _writing(database) as uow:
        for stage in stagings:
            stage(uow)
        await uow.commit()


@pytest.fixture
async def filled(database: MemoryDatabase) -> MemoryDatabase:
    """Return a database with a row in nearly every table."""
    await _commit(
        database,
        lambda uow: uow.users.add(ADA),
        lambda uow: uow.accounts.add(ADA_ACCOUNT),
        lambda uow: uow.transfers.add(transfer(ADA_ACCOUNT.id, SALES)),
        lambda uow: uow.products.add(product()),
        lambda uow: uow.inventories.add(inventory("TEA", 5)),
        lambda uow: uow.orders.add(ORDER, ORDER.initial_status_change(actor=Actor.CUSTOMER)),
        lambda uow: uow.payments.add(payment(ORDER)),
        lambda uow: uow.sessions.create(session()),
    )
    return database


class TestLife:
    async def test_unit_of_work_is_entered_once(self, database: MemoryDatabase) -> None:
        async with _writing(database) as uow:
            with pytest.raises(RuntimeError, match="entered only once"):
                await uow.__aenter__()

        with pytest.raises(RuntimeError, match="entered only once"):
            await uow.__aenter__()

    async def test_query_before_entering_is_rejected(self, database: MemoryDatabase) -> None:
        with pytest.raises(RuntimeError, match="was not entered"):
            await _writing(database).users.get_many([ADA.id])

    async def test_query_after_the_commit_is_rejected(self, database: MemoryDatabase) -> None:
        async with _writing(database) as uow:
            await uow.commit()
            with pytest.raises(RuntimeError, match="has committed"):
                await uow.users.get_many([ADA.id])

    async def test_query_after_leaving_is_rejected(self, database: MemoryDatabase) -> None:
        async with _writing(database) as uow:
            pass

        with pytest.raises(RuntimeError, match="has ended"):
            await uow.users.get_many([ADA.id])

    async def test_rejected_commit_cannot_be_repeated(self, database: MemoryDatabase) -> None:
        async with _writing(database) as uow:
            uow.accounts.add(ADA_ACCOUNT)
            with pytest.raises(ConstraintViolated):
                await uow.commit()
            with pytest.raises(RuntimeError, match="has committed"):
                await uow.commit()

    async def test_writers_take_turns_in_their_order_of_arrival(
        self, database: MemoryDatabase
    ) -> None:
        turns: list[int] = []

        async def take_turn(number: int) -> None:
            async with _writing(database):
                turns.append(number)
                await asyncio.sleep(0)

        await asyncio.gather(*(take_turn(number) for number in range(5)))

        assert turns == [0, 1, 2, 3, 4]


SNAPSHOT_CANNOT: list[Callable[[UnitOfWork], object]] = [
    lambda uow: uow.users.add(BOB),
    lambda uow: uow.accounts.add(ADA_ACCOUNT),
    lambda uow: uow.transfers.add(transfer(ADA_ACCOUNT.id, SALES)),
    lambda uow: uow.products.add(product()),
    lambda uow: uow.inventories.add(inventory()),
    lambda uow: uow.orders.add(ORDER, ORDER.initial_status_change(actor=Actor.CUSTOMER)),
    lambda uow: uow.payments.add(payment(ORDER)),
    lambda uow: uow.payments.save(payment(ORDER)),
    lambda uow: uow.idempotency_keys.complete(claim(ADA).id, Succeeded(reference=ADA.id)),
    lambda uow: uow.idempotency_keys.release(claim(ADA).id),
    lambda uow: uow.sessions.create(session()),
    lambda uow: uow.sessions.save(session()),
    lambda uow: uow.sessions.rotate(session()),
    lambda uow: uow.sessions.touch(session().id, session().created_at),
    lambda uow: uow.sessions.revoke(session().id),
]


class TestSnapshot:
    @pytest.mark.parametrize("stage", SNAPSHOT_CANNOT)
    async def test_staging_is_rejected(
        self, filled: MemoryDatabase, stage: Callable[[UnitOfWork], object]
    ) -> None:
        before = filled.state

        async with MemoryUnitOfWork(filled, writing=False) as snapshot:
            with pytest.raises(RuntimeError, match="the unit of work is read-only"):
                stage(snapshot)

        assert filled.state is before

    async def test_locking_claiming_and_revoking_are_rejected(self, filled: MemoryDatabase) -> None:
        before, match = filled.state, "the unit of work is read-only"

        async with MemoryUnitOfWork(filled, writing=False) as snapshot:
            with pytest.raises(RuntimeError, match=match):
                await snapshot.users.lock([ADA.id])
            with pytest.raises(RuntimeError, match=match):
                await claim_keys(snapshot, [claim(ADA)])
            with pytest.raises(RuntimeError, match=match):
                await snapshot.idempotency_keys.purge(ORDER.placed_at)
            with pytest.raises(RuntimeError, match=match):
                await snapshot.sessions.revoke_all(ADA.id, except_session_id=None)

        assert filled.state is before


def _bypassing(entity: Transfer | Inventory, field: str, value: object) -> None:
    """Change a field of a frozen entity, past the domain's own rules."""
    object.__setattr__(entity, field, value)


def _of_nothing() -> Transfer:
    added = transfer(ADA_ACCOUNT.id, SALES, 77)
    _bypassing(added, "amount", added.amount - added.amount)
    return added


def _to_itself() -> Transfer:
    added = transfer(ADA_ACCOUNT.id, SALES, 77)
    _bypassing(added, "credit_account_id", ADA_ACCOUNT.id)
    return added


def _overreserved() -> Inventory:
    added = inventory("POT", 1, 1)
    _bypassing(added, "reserved", 2)
    return added


def _add_order(uow: UnitOfWork, **changes: object) -> None:
    new = order(ADA, "2", **changes)
    uow.orders.add(new, new.initial_status_change(actor=Actor.CUSTOMER))


CONSTRAINT_VIOLATIONS: dict[str, Callable[[UnitOfWork], object]] = {
    "pk_users": lambda uow: uow.users.add(user("eve", id=ADA.id)),
    "pk_accounts": lambda uow: uow.accounts.add(account(ADA)),
    "pk_transfers": lambda uow: uow.transfers.add(transfer(ADA_ACCOUNT.id, SALES)),
    "pk_inventories": lambda uow: uow.inventories.add(inventory()),
    "pk_orders": lambda uow: uow.orders.add(
        ORDER, ORDER.initial_status_change(actor=Actor.CUSTOMER)
    ),
    "pk_payments": lambda uow: uow.payments.add(payment(ORDER)),
    "pk_sessions": lambda uow: uow.sessions.create(session()),
    "uq_accounts_user_id_currency": lambda uow: uow.accounts.add(account(ADA, id=id_of("2"))),
    "uq_orders_number": lambda uow: _add_order(uow, number=ORDER.number),
    "fk_accounts_user_id_users": lambda uow: uow.accounts.add(account(BOB)),
    "fk_orders_user_id_users": lambda uow: _add_order(uow, idempotency_key=key_of(BOB)),
    "fk_payments_order_id_orders": lambda uow: uow.payments.add(payment(order(ADA, "2"))),
    "fk_order_events_order_id_orders": lambda uow: uow.orders.add(
        order(ADA, "2"), order(ADA, "3").initial_status_change(actor=Actor.CUSTOMER)
    ),
    "fk_sessions_user_id_users": lambda uow: uow.sessions.create(session("2", user_id=BOB.id)),
    "ck_accounts_balance_not_below_limit": lambda uow: (
        uow.users.add(BOB),
        uow.accounts.add(account(BOB, -1)),
    ),
    "ck_transfers_amount_positive": lambda uow: uow.transfers.add(_of_nothing()),
    "ck_transfers_two_accounts": lambda uow: uow.transfers.add(_to_itself()),
    "ck_inventories_reserved_on_hand": lambda uow: (
        uow.products.add(product("POT")),
        uow.inventories.add(_overreserved()),
    ),
    "ck_order_lines_quantity_positive": lambda uow: _add_order(uow, lines=(line("TEA", 0),)),
}


class TestConstraints:
    @pytest.mark.parametrize("name", CONSTRAINT_VIOLATIONS)
    async def test_violation_names_its_constraint_and_changes_nothing(
        self, filled: MemoryDatabase, name: str
    ) -> None:
        before = filled.state

        with pytest.raises(ConstraintViolated, match=f"^{name}$") as caught:
            await _commit(
                filled, lambda uow: uow.products.add(product("CUP")), CONSTRAINT_VIOLATIONS[name]
            )

        assert caught.value.constraint == name
        assert filled.state is before

    async def test_movement_without_an_inventory_is_rejected(self, filled: MemoryDatabase) -> None:
        before = filled.state
        full, less = inventory("TEA", 5), inventory("TEA", 4)

        async with _writing(filled) as uow:
            await uow.inventories.lock(["TEA"])
            uow.inventories.save(less, stock_movement(full, less, sku="POT"))
            with pytest.raises(ConstraintViolated, match="fk_movements_sku_inventories"):
                await uow.commit()

        assert filled.state is before

    async def test_key_of_an_unknown_user_is_rejected(self, filled: MemoryDatabase) -> None:
        before = filled.state

        async with _writing(filled) as uow:
            await claim_keys(uow, [claim(BOB)])
            with pytest.raises(ConstraintViolated, match="fk_idempotency_keys_user_id_users"):
                await uow.commit()

        assert filled.state is before

    async def test_released_value_can_be_used_again(self, filled: MemoryDatabase) -> None:
        moved = user("ada", email="ada@elsewhere.example")
        async with _writing(filled) as uow:
            await uow.users.lock([ADA.id])
            uow.users.save(moved)
            uow.users.add(user("heiress", email=ADA.email))
            await uow.commit()

        async with _writing(filled) as uow:
            found = await uow.users.with_emails([ADA.email, moved.email])
        assert found == {ADA.email: user("heiress", email=ADA.email), moved.email: moved}
