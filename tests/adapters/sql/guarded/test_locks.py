"""A guarded statement takes locks in the one order, and its outcome can be unknown."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError

from shop.adapters.sql.engines import role_settings
from shop.adapters.sql.engines.errors import translating_guarded_errors
from shop.adapters.sql.engines.postgresql_connection import COMMIT_TIMEOUT_SECONDS
from shop.adapters.sql.schema.tables import inventories, sessions
from shop.application.ports.repositories.idempotency_keys import RequestInProgress
from shop.application.ports.rows_wanted import RowsWanted
from shop.application.ports.unit_of_work import (
    CommitOutcomeUnknown,
    ConnectionLost,
    DatabaseUnavailable,
    LockTimeout,
)
from shop.domain.inventory import OutOfStock
from tests.adapters.sql.guarded.guarded_shop import (
    PRICE,
    SKUS,
    STOCK,
    GuardedShop,
    order,
    until_one_waits,
)
from tests.clock import FakeClock
from tests.fault_proxy import Direction, FaultProxy, database_proxy
from tests.timeouts import LoopTime

pytestmark = pytest.mark.anyio

CLAIM = """
INSERT INTO idempotency_keys (user_id, key, fingerprint, created_at)
SELECT user_id, 'a-key-in-use', '', now() FROM sessions
"""


def lock_rows(rows: str) -> str:
    return f"SELECT * FROM {rows} FOR UPDATE"  # noqa: S608  Names of this module.


class TestLocks:
    async def test_row_in_use_is_waited_for_and_judged_as_it_is_then(
        self, shop: GuardedShop
    ) -> None:
        customer = await shop.sign_up()
        async with shop.database.writer.begin() as other:
            await other.execute(update(inventories).values(on_hand=0))
            placing = asyncio.create_task(shop.place(order(customer, "TEA")))
            await until_one_waits(shop)
        (result,) = await placing

        assert isinstance(result.value, OutOfStock)
        assert shop.attempts == ["TransactionConflict"]
        assert (await shop.counts())["orders"] == 0

    @pytest.mark.parametrize(
        ("held", "free"),
        [
            ("sessions", ["accounts WHERE user_id IS NOT NULL", "inventories"]),
            ("accounts WHERE user_id IS NOT NULL", ["inventories"]),
            ("inventories WHERE sku = 'COFFEE'", ["inventories WHERE sku = 'TEA'"]),
        ],
    )
    async def test_rows_are_locked_in_the_one_order(
        self, shop: GuardedShop, held: str, free: Sequence[str]
    ) -> None:
        customer = await shop.sign_up()
        async with shop.database.writer.begin() as other:
            await other.execute(text(lock_rows(held)))
            placing = asyncio.create_task(shop.place(order(customer, *reversed(SKUS))))
            await until_one_waits(shop)
            for rows in free:
                # It would fail if the waiting statement had locked a row out of turn.
                await shop.execute(f"{lock_rows(rows)} NOWAIT")
        (result,) = await placing

        assert result.unwrap().order.total.amount == 2 * PRICE
        assert shop.attempts == ["committed"]

    async def test_groups_with_the_same_stock_do_not_disturb_each_other(
        self, shop: GuardedShop
    ) -> None:
        customers = [await shop.sign_up() for _ in range(24)]
        groups = [customers[start : start + 6] for start in range(0, 24, 6)]

        for _ in range(5):
            await asyncio.gather(
                *(
                    shop.place(*(order(each, *skus) for each in group))
                    for group, skus in zip(groups, (SKUS, SKUS[::-1]) * 2, strict=True)
                )
            )

        assert shop.attempts == ["committed"] * 20
        assert [await shop.stock(sku) for sku in SKUS] == [STOCK - 120] * 2

    @pytest.mark.parametrize(
        ("hold", "error"),
        [
            ("SELECT * FROM inventories FOR UPDATE", LockTimeout),
            (CLAIM, RequestInProgress),
        ],
        ids=["stock", "key"],
    )
    async def test_row_that_stays_in_use_changes_nothing(
        self,
        shop: GuardedShop,
        clock: FakeClock,
        monkeypatch: pytest.MonkeyPatch,
        hold: str,
        error: type[Exception],
    ) -> None:
        customer = await shop.sign_up()
        monkeypatch.setitem(role_settings.SETTINGS, "lock_timeout", "100ms")
        impatient = shop.opened_by(shop.database_url, clock)
        async with shop.database.writer.connect() as other:
            await other.execute(text(hold))
            with pytest.raises(error):
                await impatient.place(order(customer, "TEA", key="a-key-in-use"))
            await other.rollback()

        assert impatient.attempts == [error.__name__]
        assert (await shop.counts())["orders"] == 0
        await impatient.database.close()


class TestOtherUnitsOfWork:
    async def test_user_is_locked_after_the_sessions_that_are_revoked(
        self, shop: GuardedShop
    ) -> None:
        signed_up = await shop.new_customer()
        change = shop.container.access_service().change_by_email
        async with shop.database.writer.begin() as other:
            await other.execute(text(lock_rows("sessions")))
            disabling = asyncio.create_task(change(signed_up.user.email, enabled=False))
            await until_one_waits(shop)
            await shop.execute(f"{lock_rows('users')} NOWAIT")

        assert not (await disabling).enabled
        assert await shop.rows(sessions) == []


class TestReadOnlyServers:
    async def test_demoted_server_is_asked_nothing(self, shop: GuardedShop) -> None:
        """What it knows may be out of date: it would not find a session that is there."""
        async with shop.database.guarded.connect() as raw:
            await raw.execute(text("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"))

        async with shop.container.guarded_unit_of_work() as uow:
            with pytest.raises(ConnectionLost, match="25006"):
                await uow.read_ahead([RowsWanted(session="a token")])
        async with shop.container.guarded_unit_of_work() as uow:
            await uow.read_ahead([RowsWanted(session="a token")])


class TestUnknownOutcomes:
    @pytest.fixture
    async def proxy(self, postgresql_url: str) -> AsyncIterator[FaultProxy]:
        async with database_proxy(postgresql_url) as proxy:
            yield proxy

    @pytest.mark.parametrize(
        ("direction", "replayed"), [(Direction.REQUEST, False), (Direction.RESPONSE, True)]
    )
    async def test_statement_whose_answer_is_lost_is_found_by_its_key(
        self,
        shop: GuardedShop,
        proxy: FaultProxy,
        clock: FakeClock,
        direction: Direction,
        replayed: object,
    ) -> None:
        customer = await shop.sign_up()
        remote = shop.opened_by(proxy.url, clock)
        proxy.add_breakpoint(direction, *_written("key-lost")).reset()

        (result,) = await remote.place(order(customer, "TEA", key="key-lost"))

        assert (result.replayed, result.unwrap().order.total.amount) == (replayed, PRICE)
        assert remote.attempts == ["CommitOutcomeUnknown"]
        assert (await shop.counts())["orders"] == 1
        assert await shop.stock("TEA") == STOCK - 1
        await remote.database.close()

    async def test_statement_that_commits_itself_has_the_timeout_of_commits(
        self,
        shop: GuardedShop,
        proxy: FaultProxy,
        clock: FakeClock,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        customer = await shop.sign_up()
        remote = shop.opened_by(proxy.url, clock)
        stalled = proxy.add_breakpoint(Direction.REQUEST, *_written("key-slow"))
        placing = asyncio.create_task(remote.place(order(customer, "TEA", key="key-slow")))
        await stalled.reached()
        loop_time = LoopTime(monkeypatch)
        await loop_time.advance(COMMIT_TIMEOUT_SECONDS - 1)
        done, _ = await asyncio.wait([placing], timeout=0.1)
        assert not done
        await loop_time.advance(1)

        assert (await placing)[0].unwrap().order.total.amount == PRICE
        assert remote.attempts == ["CommitOutcomeUnknown"]
        assert (await shop.counts())["orders"] == 1
        await remote.database.close()


@pytest.mark.parametrize("sqlstate", ["22003", "26000", "0A000", "42P01"])
def test_statement_that_could_not_run_has_changed_nothing(sqlstate: str) -> None:
    error = DBAPIError.instance(None, None, _DriverError(sqlstate), _DriverError)
    with pytest.raises(DatabaseUnavailable), translating_guarded_errors():
        raise error


@pytest.mark.parametrize("failure", [OSError("reset"), TimeoutError("late")])
def test_missing_answer_leaves_the_outcome_unknown(failure: OSError) -> None:
    with pytest.raises(CommitOutcomeUnknown), translating_guarded_errors():
        raise failure


class _DriverError(Exception):
    def __init__(self, sqlstate: str) -> None:
        super().__init__(sqlstate)
        self.sqlstate = sqlstate


def _written(key: str) -> Sequence[str]:
    """Return what only the writing statement sends: a key with its fingerprint."""
    return [f'"key":"{key}","fingerprint"']
