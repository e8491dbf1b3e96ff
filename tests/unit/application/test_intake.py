"""Filling the shop: products with their stock, and customers with their accounts."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest

from shop.adapters.memory.engine.database import MemoryDatabase
from shop.adapters.memory.unit_of_work import MemoryUnitOfWork
from shop.application.catalogue.bulk_import import (
    REASON,
    BulkImport,
    ImportResult,
    NewCustomer,
    ProductRow,
)
from shop.application.ports.unit_of_work import CommitOutcomeUnknown, UnitOfWork
from shop.application.reconciliation.audit import AuditShop
from shop.application.transactions.runner import TransactionRunner
from shop.domain.account import TransferKind
from shop.domain.inventory import Inventory, StockBelowReserved, StockMovement, StockMovementKind
from shop.domain.shared.errors import InvalidValue
from shop.domain.user import EmailTaken, Role
from tests.clock import ScriptedClock
from tests.doubles import CountingIds
from tests.factories import ADJUSTMENTS, EUR, NOW, USD, eur, inventory, movement, product, user

pytestmark = pytest.mark.anyio

LATER = timedelta(hours=1)
HASH = "hash of everybody's password"
ADA = NewCustomer(name=" Ada ", email="Ada@Example.com")
BOB = NewCustomer(name="Bob", email="bob@example.com")


class Loss:
    """Loses the answer to the first commit that is made under it."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database
        self._is_due = True

    def new_unit_of_work(self) -> UnitOfWork:
        return _Losing(self._database, self)

    def take(self) -> None:
        is_due, self._is_due = self._is_due, False
        if is_due:
            raise CommitOutcomeUnknown


class _Losing(MemoryUnitOfWork):
    def __init__(self, database: MemoryDatabase, loss: Loss) -> None:
        super().__init__(database, writing=True)
        self._loss = loss

    async def commit(self) -> None:
        await super().commit()
        self._loss.take()


@pytest.fixture
def database() -> MemoryDatabase:
    return MemoryDatabase()


@pytest.fixture
def transact(database: MemoryDatabase, clock: ScriptedClock) -> TransactionRunner:
    return TransactionRunner(
        partial(MemoryUnitOfWork, database, writing=True),
        partial(MemoryUnitOfWork, database, writing=False),
        clock,
    )


@pytest.fixture
def intake(transact: TransactionRunner, clock: ScriptedClock) -> BulkImport:
    return BulkImport(transact, clock, CountingIds(), welcome_credit=eur(1000))


def stocked(sku: str = "TEA", on_hand: int = 5) -> ProductRow:
    made = product(sku)
    return ProductRow(
        sku=sku,
        name=made.name,
        description=made.description,
        price=made.price,
        active=made.active,
        image_url=made.image_url,
        on_hand=on_hand,
    )


def result(added: int = 0, changed: int = 0, unchanged: int = 0) -> ImportResult:
    return ImportResult(added=added, changed=changed, unchanged=unchanged)


def movements(database: MemoryDatabase) -> Mapping[UUID, StockMovement]:
    return database.state.stock_movements.rows


async def reserve(database: MemoryDatabase, sku: str, quantity: int) -> None:
    before = database.state.inventories.rows[sku]
    after = before.reserve(quantity)
    async with MemoryUnitOfWork(database, writing=True) as uow:
        await uow.inventories.lock([sku])
        uow.inventories.save(after, movement(before, after, kind=StockMovementKind.RESERVATION))
        await uow.commit()


async def assert_nothing_is_broken(transact: TransactionRunner) -> None:
    audit = AuditShop(transact, ScriptedClock(NOW), timedelta(seconds=60))
    findings = await audit.run(lambda _: None)
    assert [violation for finding in findings for violation in finding.violations] == []


async def test_a_new_product_comes_with_its_stock_and_the_movement_that_brought_it(
    intake: BulkImport, database: MemoryDatabase, transact: TransactionRunner
) -> None:
    assert await intake.upsert([stocked(on_hand=5)]) == result(added=1)

    assert database.state.products.rows == {"TEA": product("TEA")}
    assert database.state.inventories.rows == {"TEA": inventory("TEA", 5)}
    (brought,) = movements(database).values()
    assert brought == StockMovement(
        id=brought.id,
        sku="TEA",
        kind=StockMovementKind.ADJUSTMENT,
        on_hand_delta=5,
        reserved_delta=0,
        order_id=None,
        reason=REASON,
        created_at=NOW,
    )
    await assert_nothing_is_broken(transact)


async def test_a_product_of_which_there_are_none_has_no_movement(
    intake: BulkImport, database: MemoryDatabase
) -> None:
    assert await intake.upsert([stocked(on_hand=0)]) == result(added=1)

    assert database.state.inventories.rows == {"TEA": inventory("TEA")}
    assert movements(database) == {}


async def test_loading_the_same_again_changes_nothing(
    intake: BulkImport, database: MemoryDatabase, clock: ScriptedClock
) -> None:
    batch = [stocked("TEA", 5), stocked("CAKE", 0)]
    await intake.upsert(batch)
    before = database.state
    clock.advance(LATER)

    assert await intake.upsert(batch) == result(unchanged=2)

    assert database.state == before


@pytest.mark.parametrize("wanted", [0, 4, 9])
async def test_stock_is_brought_to_what_is_wanted(
    wanted: int, intake: BulkImport, database: MemoryDatabase, transact: TransactionRunner
) -> None:
    await intake.upsert([stocked(on_hand=5)])

    assert await intake.upsert([stocked(on_hand=wanted)]) == result(changed=1)

    assert database.state.inventories.rows == {"TEA": inventory("TEA", wanted)}
    assert sorted(each.on_hand_delta for each in movements(database).values()) == sorted(
        [5, wanted - 5]
    )
    await assert_nothing_is_broken(transact)


async def test_a_product_is_described_anew_and_keeps_its_age_and_stock(
    intake: BulkImport, database: MemoryDatabase, clock: ScriptedClock
) -> None:
    await intake.upsert([stocked()])
    clock.advance(LATER)
    described = replace(
        stocked(),
        name="Better tea",
        description="",
        price=eur(700),
        active=False,
        image_url="https://example.com/tea.png",
    )

    assert await intake.upsert([described]) == result(changed=1)

    assert database.state.products.rows == {
        "TEA": product(
            "TEA",
            name="Better tea",
            description="",
            price=eur(700),
            active=False,
            image_url="https://example.com/tea.png",
            updated_at=NOW + LATER,
        )
    }
    assert database.state.inventories.rows == {"TEA": inventory("TEA", 5)}
    assert len(movements(database)) == 1


async def test_description_and_stock_change_at_once(
    intake: BulkImport, database: MemoryDatabase
) -> None:
    await intake.upsert([stocked(on_hand=5)])

    assert await intake.upsert([replace(stocked(on_hand=7), name="Better")]) == result(changed=1)

    assert database.state.products.rows["TEA"].name == "Better"
    assert database.state.inventories.rows == {"TEA": inventory("TEA", 7)}


async def test_a_batch_is_one_unit_of_work_whatever_is_new_in_it(
    database: MemoryDatabase, clock: ScriptedClock
) -> None:
    entered: list[UnitOfWork] = []

    def new_unit_of_work() -> UnitOfWork:
        entered.append(MemoryUnitOfWork(database, writing=True))
        return entered[-1]

    snapshot = partial(MemoryUnitOfWork, database, writing=False)
    transact = TransactionRunner(new_unit_of_work, snapshot, clock)
    intake = BulkImport(transact, clock, CountingIds(), welcome_credit=eur(0))

    await intake.upsert([stocked("TEA", 1)])
    await intake.upsert([stocked("TEA", 2), stocked("CAKE", 3)])

    assert len(entered) == 2


async def test_a_batch_tells_new_changed_and_unchanged_products_apart(intake: BulkImport) -> None:
    await intake.upsert([stocked("TEA", 1), stocked("CAKE", 1)])

    loaded = await intake.upsert([stocked("TEA", 1), stocked("CAKE", 2), stocked("JAM", 3)])

    assert loaded == result(added=1, changed=1, unchanged=1)
    assert loaded + loaded == result(added=2, changed=2, unchanged=2)


async def test_what_is_missing_is_added_and_what_is_there_left_alone(
    intake: BulkImport, database: MemoryDatabase, transact: TransactionRunner
) -> None:
    await intake.add_missing([stocked("TEA", 5)])
    state = database.state

    assert await intake.add_missing([replace(stocked("TEA", 7), name="Better")]) == result(
        unchanged=1
    )
    assert database.state is state
    again = [replace(stocked("TEA", 7), name="Better"), stocked("CAKE", 2)]
    assert await intake.add_missing(again) == result(added=1, unchanged=1)

    assert database.state.products.rows["TEA"] == state.products.rows["TEA"]
    assert database.state.inventories.rows == {
        "TEA": inventory("TEA", 5),
        "CAKE": inventory("CAKE", 2),
    }
    await assert_nothing_is_broken(transact)


async def test_promised_goods_cannot_be_counted_away_and_the_whole_batch_is_refused(
    intake: BulkImport, database: MemoryDatabase
) -> None:
    await intake.upsert([stocked("TEA", 5)])
    await reserve(database, "TEA", 3)
    before = database.state
    batch = [stocked("CAKE", 1), stocked("TEA", 2)]
    refusal = StockBelowReserved(sku="TEA", on_hand=5, reserved=3)

    assert await intake.validate(batch) == {"TEA": refusal}
    with pytest.raises(StockBelowReserved) as raised:
        await intake.upsert(batch)

    assert raised.value == refusal
    assert "TEA" in str(raised.value)
    assert database.state == before


async def test_what_is_promised_may_be_all_that_is_left(
    intake: BulkImport, database: MemoryDatabase
) -> None:
    await intake.upsert([stocked("TEA", 5)])
    await reserve(database, "TEA", 3)

    assert await intake.validate([stocked("TEA", 3)]) == {}
    await intake.upsert([stocked("TEA", 3)])

    assert database.state.inventories.rows["TEA"] == Inventory(sku="TEA", on_hand=3, reserved=3)


async def test_a_batch_names_a_product_once(intake: BulkImport, database: MemoryDatabase) -> None:
    before = database.state

    with pytest.raises(InvalidValue) as raised:
        await intake.upsert([stocked(on_hand=1), stocked(on_hand=2)])

    assert raised.value == InvalidValue(field="sku", rule="a batch names each product once")
    assert database.state == before


async def test_the_shop_sells_in_one_currency(intake: BulkImport, database: MemoryDatabase) -> None:
    before = database.state
    foreign = replace(stocked(), price=replace(eur(500), currency=USD))

    with pytest.raises(InvalidValue) as raised:
        await intake.upsert([foreign])

    assert raised.value.field == "currency"
    assert intake.currency == EUR
    assert database.state == before


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("sku", {"sku": "no spaces"}),
        ("name", {"name": ""}),
        ("name", {"name": "x" * 201}),
        ("name", {"name": "two\nlines"}),
        ("description", {"description": "x" * 4001}),
        ("description", {"description": "NUL \0"}),
        ("price", {"price": eur(0)}),
        ("price", {"price": eur(10**9 + 1)}),
        ("stock", {"on_hand": -1}),
        ("stock", {"on_hand": 10**9 + 1}),
        ("image_url", {"image_url": "ftp://example.com/tea.png"}),
        ("image_url", {"image_url": "https://example.com/a b"}),
        ("image_url", {"image_url": "https://" + "x" * 2000}),
    ],
)
async def test_a_product_that_cannot_be_is_refused(
    field: str, change: Mapping[str, object]
) -> None:
    with pytest.raises(InvalidValue) as raised:
        replace(stocked(), **change)  # type: ignore[arg-type]

    assert raised.value.field == field


async def test_a_load_whose_answer_was_lost_is_finished_by_the_next_attempt(
    database: MemoryDatabase, clock: ScriptedClock
) -> None:
    snapshot = partial(MemoryUnitOfWork, database, writing=False)
    transact = TransactionRunner(Loss(database).new_unit_of_work, snapshot, clock)
    intake = BulkImport(transact, clock, CountingIds(), welcome_credit=eur(0))

    await intake.upsert([stocked(on_hand=5)])

    assert database.state.inventories.rows == {"TEA": inventory("TEA", 5)}
    assert len(movements(database)) == 1


async def test_a_shop_is_empty_until_something_is_for_sale(intake: BulkImport) -> None:
    assert not await intake.has_products()

    await intake.upsert([stocked()])

    assert await intake.has_products()


async def test_customers_get_an_account_with_the_welcome_credit_and_its_transfer(
    intake: BulkImport, database: MemoryDatabase, transact: TransactionRunner
) -> None:
    assert len(await intake.add_customers([ADA, BOB], HASH)) == 2

    ada, bob = database.state.users.rows.values()
    assert ada == user("ada", id=ada.id, password_hash=HASH, roles=frozenset({Role.CUSTOMER}))
    assert bob.email == "bob@example.com"
    accounts = database.state.accounts.rows.values()
    assert [each.user_id for each in accounts] == [ada.id, bob.id]
    assert [each.balance for each in accounts] == [eur(1000), eur(1000)]
    transfers = database.state.transfers.rows.values()
    assert {each.kind for each in transfers} == {TransferKind.WELCOME}
    assert [each.debit_account_id for each in transfers] == [ADJUSTMENTS, ADJUSTMENTS]
    assert [each.credit_account_id for each in transfers] == [each.id for each in accounts]
    await assert_nothing_is_broken(transact)


async def test_customers_who_are_there_already_are_left_alone(
    intake: BulkImport, database: MemoryDatabase
) -> None:
    await intake.add_customers([ADA], HASH)
    ada = database.state.users.rows

    assert len(await intake.add_customers([ADA, BOB], "another hash")) == 1

    assert dict(list(database.state.users.rows.items())[:1]) == ada
    assert [each.email for each in database.state.users.rows.values()] == [
        "ada@example.com",
        "bob@example.com",
    ]
    assert len(database.state.accounts.rows) == len(database.state.transfers.rows) == 2


async def test_without_welcome_credit_no_money_moves(
    transact: TransactionRunner, clock: ScriptedClock, database: MemoryDatabase
) -> None:
    intake = BulkImport(transact, clock, CountingIds(), welcome_credit=eur(0))

    assert len(await intake.add_customers([ADA], HASH)) == 1

    (account,) = database.state.accounts.rows.values()
    assert account.balance == eur(0)
    assert database.state.transfers.rows == {}


async def test_customers_whose_commit_was_not_answered_are_counted_and_made_once(
    database: MemoryDatabase, clock: ScriptedClock
) -> None:
    snapshot = partial(MemoryUnitOfWork, database, writing=False)
    transact = TransactionRunner(Loss(database).new_unit_of_work, snapshot, clock)
    intake = BulkImport(transact, clock, CountingIds(), welcome_credit=eur(1000))

    assert len(await intake.add_customers([ADA, BOB], HASH)) == 2

    assert len(database.state.users.rows) == len(database.state.transfers.rows) == 2


async def test_customers_that_cannot_all_be_are_none(
    intake: BulkImport, database: MemoryDatabase
) -> None:
    before = database.state

    with pytest.raises(InvalidValue):
        await intake.add_customers([ADA, NewCustomer(name="", email="bob@example.com")], HASH)
    with pytest.raises(EmailTaken):
        await intake.add_customers([ADA, ADA], HASH)

    assert database.state == before
