"""Migrates a database: first the schema, in one short transaction, then what is in the tables.

Only one process at a time is in a transaction of a migration.
"""

import asyncio
import logging
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection, insert, inspect, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.schema import CreateSchema

from shop.adapters.sql.engines.errors import translating_commit_errors, translating_errors
from shop.adapters.sql.engines.plans import ALLOW_ANY_PLAN, set_role_defaults
from shop.adapters.sql.engines.search_path import CURRENT_SCHEMA, require_search_path
from shop.adapters.sql.migration.currency import change_currency
from shop.adapters.sql.migration.older_servers import fill_unset_columns
from shop.adapters.sql.migration.schema_version import (
    VERSION_BEFORE,
    create_version_table,
    lock_versions,
    read_versions,
    replace_versions,
    require_known,
)
from shop.adapters.sql.migration.unfinished_schema import find_unfinished, finish_schema
from shop.adapters.sql.schema.tables import SCHEMA_VERSION, accounts
from shop.application.ports.clock import Clock
from shop.application.ports.unit_of_work import (
    ConstraintViolated,
    DatabaseUnavailable,
    LockTimeout,
    TransactionConflict,
    TransientFailure,
)
from shop.domain.account import ShopAccount
from shop.domain.shared.money import Currency

WAIT_SECONDS = 600
"""How long a migration waits for another one, or for requests that hold locks."""

PAUSE_SECONDS = 0.5

_CREATED_MEANWHILE = ("42P06", "42P07", "42710")

_log = logging.getLogger(__name__)

T = TypeVar("T")


class Migrator:
    """Upgrades the schema, gives the shop its currency, and fills what is new.

    The schema is changed completely or not at all. Its version is stored when the tables are
    filled, too: until then servers of the release before go on, and those of this one do not start.
    """

    def __init__(
        self,
        *,
        schema: str | None,
        currency: Currency,
        clock: Clock,
        role_defaults: Mapping[str, str],
    ) -> None:
        self._schema = schema
        self._role_defaults = role_defaults
        self._currency = currency
        self._clock = clock

    async def run(self, engine: AsyncEngine) -> str | None:
        """Migrate; if another process migrates, wait for it first.

        Return the version that was there before, None if there was none.

        Raise `DatabaseUnavailable`, `IncompatibleSchema` or `CurrencyMismatch`.
        """

        async def transact(work: Callable[[Connection], T]) -> T:
            return await self._transact(engine, work)

        found = await transact(self._migrate)
        await fill_unset_columns(transact, is_embedded=self._schema is None)
        while statements := await transact(_complete):
            for statement in statements:
                await transact(partial(_execute, statement))
        return found

    async def _transact(self, engine: AsyncEngine, work: Callable[[Connection], T]) -> T:
        """Do work in a transaction; if another process migrates, wait for its transaction first."""
        begun = time.monotonic()
        while True:
            try:
                return await self._attempt(engine, work)
            except (DatabaseUnavailable, TransientFailure, ConstraintViolated) as failure:
                waited = time.monotonic() - begun
                if not _is_blocked(failure):
                    raise _final(failure) from failure.__cause__
                if waited > WAIT_SECONDS:
                    raise LockTimeout(
                        f"another process has locked the database for {waited:.0f} seconds;"
                        " wait until it ends or stop it, then run `shop migrate`"
                    ) from None
                _log.warning(
                    "migration_waits_for_another_process",
                    extra={"seconds": round(waited), "at_most": WAIT_SECONDS},
                )
                await asyncio.sleep(PAUSE_SECONDS)

    async def _attempt(self, engine: AsyncEngine, work: Callable[[Connection], T]) -> T:
        with translating_errors():
            async with engine.connect() as connection:
                await connection.run_sync(self._lock)
                result = await connection.run_sync(work)
                with translating_commit_errors():
                    await connection.commit()
                return result

    def _lock(self, connection: Connection) -> None:
        if self._schema is None:
            # SQLite's transaction holds the only write lock already.
            create_version_table(connection)
            return
        if self._schema not in inspect(connection).get_schema_names():
            connection.execute(CreateSchema(self._schema, if_not_exists=True))
        require_search_path(connection.scalar(CURRENT_SCHEMA), self._schema)
        create_version_table(connection)
        lock_versions(connection)

    def _migrate(self, connection: Connection) -> str | None:
        if self._schema is not None:
            connection.execute(ALLOW_ANY_PLAN)
        found = self._upgrade(connection)
        old_currency = change_currency(connection, self._currency)
        if old_currency is not None:
            _log.warning(
                "shop_currency_changed", extra={"from": old_currency, "to": self._currency}
            )
        self._add_shop_accounts(connection)
        if self._schema is not None:
            # Last, because migrations of other schemas of the database wait for it.
            set_role_defaults(connection, self._role_defaults)
        return found

    def _upgrade(self, connection: Connection) -> str | None:
        """Change the schema; return the newest version of before, None if there was none."""
        versions = read_versions(connection)
        require_known(versions)
        if versions == [SCHEMA_VERSION]:
            return SCHEMA_VERSION
        # Alembic is slow to import and needed only here.
        from shop.adapters.sql.migration.repair import upgrade_repaired  # noqa: PLC0415
        from shop.adapters.sql.schema.migrations import upgrade  # noqa: PLC0415

        if len(versions) > 1:
            upgrade_repaired(connection, versions)
        else:
            upgrade(connection)
        if versions:
            replace_versions(connection, [VERSION_BEFORE])
        else:
            finish_schema(connection)
        return max(versions, default=None)

    def _add_shop_accounts(self, connection: Connection) -> None:
        query = select(accounts.c.id).where(accounts.c.user_id.is_(None))
        existing = set(connection.scalars(query))
        rows = [
            {
                "id": account.account_id(self._currency),
                "kind": account.value,
                "currency": self._currency,
                "created_at": self._clock.now(),
            }
            for account in ShopAccount
            if account.account_id(self._currency) not in existing
        ]
        if rows:
            connection.execute(insert(accounts).values(rows))


def _execute(statement: str, connection: Connection) -> None:
    connection.exec_driver_sql(statement)


def _complete(connection: Connection) -> Sequence[str]:
    """Return what is left to execute; if that is nothing, store the version."""
    statements = find_unfinished(connection)
    if not statements and read_versions(connection) == [VERSION_BEFORE]:
        replace_versions(connection, [SCHEMA_VERSION])
    return statements


def _is_blocked(failure: Exception) -> bool:
    """Check whether another process is migrating, so that a later attempt can succeed."""
    if isinstance(failure, ConstraintViolated):
        # Both created the schema or a table; only one of them could.
        return failure.constraint.startswith("pg_")
    if isinstance(failure, LockTimeout | TransactionConflict):
        return True
    cause = failure.__cause__
    driver_error = cause.orig if isinstance(cause, DBAPIError) else None
    return (
        getattr(driver_error, "sqlstate", None) in _CREATED_MEANWHILE
        or getattr(driver_error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY
    )


def _final(failure: Exception) -> Exception:
    # A unit of work would be retried; a migration fails at once.
    if isinstance(failure, TransientFailure):
        return DatabaseUnavailable(str(failure))
    return failure
