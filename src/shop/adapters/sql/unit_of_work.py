"""One transaction in a relational database."""

import logging
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from shop.adapters.sql.accounts import SqlAccounts, SqlTransfers
from shop.adapters.sql.audit import SqlAudit
from shop.adapters.sql.catalogue import SqlProducts
from shop.adapters.sql.connection import SqlConnection
from shop.adapters.sql.database import SqlDatabase
from shop.adapters.sql.deposits import SqlDeposits
from shop.adapters.sql.dispatches import SqlDispatches
from shop.adapters.sql.failures import at_commit, before_commit
from shop.adapters.sql.fulfilment import SqlHandovers, SqlRefunds
from shop.adapters.sql.idempotency import SqlIdempotencyKeys
from shop.adapters.sql.inventory import SqlInventories
from shop.adapters.sql.notices import SqlNotices
from shop.adapters.sql.orders import SqlOrders
from shop.adapters.sql.outbox import SqlOutbox
from shop.adapters.sql.payments import SqlPayments
from shop.adapters.sql.session_store import SqlSessionStore
from shop.adapters.sql.users import SqlUsers
from shop.application.ports.session_store import SessionStore, as_they_are
from shop.application.ports.unit_of_work import UnitOfWork

_log = logging.getLogger(__name__)


class SqlUnitOfWork(UnitOfWork):
    """A writing transaction, or a reading one that sees a single state of everything.

    `sessions` may put another store in front of the table's.
    """

    def __init__(
        self,
        database: SqlDatabase,
        *,
        writing: bool,
        sessions: Callable[[SessionStore], SessionStore] = as_they_are,
    ) -> None:
        self._database = database
        self._writing = writing
        self._wrap_sessions = sessions
        self._connection: AsyncConnection | None = None

    async def __aenter__(self) -> Self:
        """Take a connection and begin."""
        engine = self._database.writer if self._writing else self._database.reader
        with before_commit():
            taken = await engine.connect()
            try:
                await taken.begin()
            except BaseException:
                # What was never entered is never left, and would keep its connection.
                await _give_back(taken)
                raise
        self._connection = taken
        connection = SqlConnection(taken, self._database.sets, writing=self._writing)
        self._staged = connection
        users, products = SqlUsers(connection), SqlProducts(connection)
        self.users, self.products = users, products
        self.accounts = SqlAccounts(connection)
        self.transfers = SqlTransfers(connection)
        self.inventories = SqlInventories(connection)
        orders = SqlOrders(connection)
        self.orders = orders
        self.payments = SqlPayments(connection, orders)
        self.deposits = SqlDeposits(connection)
        self.handovers = SqlHandovers(connection, orders)
        self.refunds = SqlRefunds(connection, orders)
        self.keys = SqlIdempotencyKeys(connection)
        self.outbox = SqlOutbox(connection)
        self.notices = SqlNotices(connection)
        self.dispatches = SqlDispatches(connection)
        self._sessions = SqlSessionStore(connection, self._database.session_keys)
        self.sessions = self._wrap_sessions(self._sessions)
        self.audit = SqlAudit(connection)
        # First those whose names may be taken; nothing else can be refused by what others write.
        self._newcomers = (users, products)
        # In this order, which keeps every foreign key; the sessions last, right before COMMIT.
        self._parts = (
            users,
            self.accounts,
            products,
            self.inventories,
            orders,
            self.payments,
            self.deposits,
            self.handovers,
            self.refunds,
            self.transfers,
            self.keys,
            self.outbox,
            self.dispatches,
            self._sessions,
        )
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Roll back what was not committed, and give the connection back."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await _give_back(connection)

    async def commit(self) -> None:
        """Write what was staged, then COMMIT."""
        if not self._writing:
            raise RuntimeError("a snapshot commits nothing")
        connection = self._connection
        if connection is None:
            raise RuntimeError("the unit of work is over")
        self._staged.end_staging()
        for part in self._newcomers:
            await part.check_in()
        await self._staged.write([change for part in self._parts for change in part.changes()])
        with at_commit():
            await connection.commit()
        # From here on the unit is committed, whatever becomes of its connection.
        self._connection = None
        await _give_back(connection)


async def _give_back(connection: AsyncConnection) -> None:
    """Return a connection to its pool; one that is too broken for that has rolled back by itself.

    It raises nothing of that: how the unit of work has ended is known by now.
    """
    try:
        await connection.close()
    except (SQLAlchemyError, OSError) as failure:
        _log.warning("connection lost at the end of a unit of work: %s", failure)
        with suppress(SQLAlchemyError, OSError):
            await connection.invalidate()
            await connection.close()
