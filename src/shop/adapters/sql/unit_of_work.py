"""One transaction in a relational database."""

import logging
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import replace
from types import TracebackType
from typing import Self

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shop.adapters.sql.audit.audit import SqlAudit
from shop.adapters.sql.database import SqlDatabase
from shop.adapters.sql.engines.errors import is_schema_mismatch, translating_errors
from shop.adapters.sql.repositories.accounts import SqlAccounts
from shop.adapters.sql.repositories.catalogue.categories import SqlCategories
from shop.adapters.sql.repositories.catalogue.imports import SqlImports
from shop.adapters.sql.repositories.catalogue.price_changes import SqlPriceChanges
from shop.adapters.sql.repositories.catalogue.product_searches import SqlProductSearches
from shop.adapters.sql.repositories.catalogue.variants import SqlVariants
from shop.adapters.sql.repositories.customers.addresses import SqlAddresses
from shop.adapters.sql.repositories.customers.customer_carts import SqlCustomerCarts
from shop.adapters.sql.repositories.deposits import SqlDeposits
from shop.adapters.sql.repositories.endpoint_statuses import SqlEndpointStatuses
from shop.adapters.sql.repositories.gateway_events import SqlGatewayEvents
from shop.adapters.sql.repositories.idempotency_keys import LateIdempotencyKeys, SqlIdempotencyKeys
from shop.adapters.sql.repositories.inventories import SqlInventories
from shop.adapters.sql.repositories.jobs import SqlJobs
from shop.adapters.sql.repositories.notification_deliveries import SqlNotificationDeliveries
from shop.adapters.sql.repositories.orders import SqlOrders
from shop.adapters.sql.repositories.payments import SqlPayments
from shop.adapters.sql.repositories.pricing.customer_groups import SqlCustomerGroups
from shop.adapters.sql.repositories.pricing.promotion_counters import SqlPromotionCounters
from shop.adapters.sql.repositories.pricing.promotion_uses import SqlPromotionUses
from shop.adapters.sql.repositories.pricing.rule_documents import SqlRuleDocuments
from shop.adapters.sql.repositories.product_images import SqlProductImages
from shop.adapters.sql.repositories.products import SqlProducts
from shop.adapters.sql.repositories.rate_limits import SqlRateLimits
from shop.adapters.sql.repositories.refunds import SqlRefunds
from shop.adapters.sql.repositories.session_store import SqlSessionStore
from shop.adapters.sql.repositories.shipment_events import SqlShipmentEvents
from shop.adapters.sql.repositories.transfers import SqlTransfers
from shop.adapters.sql.repositories.users import SqlUsers
from shop.adapters.sql.search.hits import HitFinder
from shop.adapters.sql.search.postgresql_hits import PostgresqlHitFinder
from shop.adapters.sql.search.sqlite_hits import SqliteHitFinder
from shop.adapters.sql.sqlite.connection import SqliteConnection
from shop.adapters.sql.statements.connection import SqlConnection
from shop.application.ports.repositories.session_store import SessionStore, unwrapped
from shop.application.ports.rows_wanted import RowsWanted
from shop.application.ports.unit_of_work import UnitOfWork

_log = logging.getLogger(__name__)


class SqlUnitOfWork(UnitOfWork):
    """A writing transaction, or a reading one with a consistent snapshot.

    `sessions` may wrap the session store.
    """

    def __init__(
        self,
        database: SqlDatabase,
        *,
        writing: bool,
        sessions: Callable[[SessionStore], SessionStore] = unwrapped,
    ) -> None:
        self._database = database
        self._writing = writing
        self._wrap_sessions = sessions
        self._connection: AsyncConnection | None = None

    async def __aenter__(self) -> Self:
        """Take a connection from the pool and begin."""
        await self._database.require_unchanged_file()
        self._ask_through(self._statements_of(await self._begin()))
        return self

    async def _begin(self) -> AsyncConnection:
        with translating_errors():
            connection = await self._engine.connect()
            try:
                await connection.begin()
            except BaseException:
                # `__aexit__` does not run if this fails, so the connection is returned here.
                await return_to_pool(connection)
                raise
        self._connection = connection
        return connection

    def _ask_through(self, connection: SqlConnection) -> None:
        self._statements = connection
        database = self._database
        users, products = SqlUsers(connection), SqlProducts(connection)
        self.users, self.products = users, products
        self.variants = SqlVariants(connection)
        self.price_changes = price_changes = SqlPriceChanges(connection)
        self.imports = imports = SqlImports(connection)
        self.addresses = SqlAddresses(connection)
        self.customer_carts = customer_carts = SqlCustomerCarts(connection)
        self.product_images = SqlProductImages(connection)
        self.accounts = accounts = self._accounts_of(connection)
        self.transfers = SqlTransfers(connection)
        self.categories = SqlCategories(connection)
        self._searches = SqlProductSearches(connection, self._hit_finder_of(connection))
        self.product_searches = self._searches
        self.inventories = SqlInventories(connection)
        self.rule_documents = rule_documents = SqlRuleDocuments(connection)
        self.promotion_counters = counters = SqlPromotionCounters(connection)
        self.promotion_uses = uses = SqlPromotionUses(connection)
        self.customer_groups = customer_groups = SqlCustomerGroups(connection)
        orders = SqlOrders(connection)
        self.orders = orders
        self.payments = SqlPayments(connection, orders, accounts)
        self.deposits = SqlDeposits(connection)
        self.shipment_events = SqlShipmentEvents(connection, orders)
        self.refunds = SqlRefunds(connection, orders)
        self._keys = self._keys_of(connection)
        self.idempotency_keys = self._keys
        self.jobs = SqlJobs(connection)
        self.gateway_events = SqlGatewayEvents(connection)
        self.notification_deliveries = SqlNotificationDeliveries(connection)
        self.endpoint_statuses = SqlEndpointStatuses(connection)
        # These functions do not know the unit of work, so it is freed without the collector.
        self.rate_limits = SqlRateLimits(connection, lambda: database.rate_limit_key)
        self._sessions = SqlSessionStore(connection, lambda: database.session_keys)
        self.sessions = self._wrap_sessions(self._sessions)
        self.audit = SqlAudit(connection)
        # These go first because a concurrent transaction can take their unique values.
        self._unique_first = (users, products, imports)
        self._first_in_currency = (products, self.accounts, self.deposits)
        # This order satisfies the foreign keys; sessions are last, right before COMMIT.
        self._repositories = (
            users,
            self.addresses,
            customer_carts,
            customer_groups,
            self.accounts,
            imports,
            products,
            price_changes,
            self.categories,
            self.product_images,
            self.inventories,
            rule_documents,
            counters,
            orders,
            uses,
            self.payments,
            self.deposits,
            self.shipment_events,
            self.refunds,
            self.transfers,
            self._keys,
            self.jobs,
            self.notification_deliveries,
            self.endpoint_statuses,
            self._sessions,
        )

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Roll back unless committed, and return the connection to the pool.

        If a statement failed because another release has migrated the database, say so.
        """
        connection, self._connection = self._connection, None
        if connection is not None:
            await return_to_pool(connection)
        if is_schema_mismatch(exc):
            await self._database.require_schema()

    async def read_ahead(self, wanted: Collection[RowsWanted]) -> None:
        """Read at once what is wanted."""
        tokens = {each.session for each in wanted if each.session is not None}
        stored = self.sessions.stored_tokens(tokens)
        if self.sessions is not self._sessions:
            wanted = [replace(each, session=stored.get(each.session or "")) for each in wanted]
        by_hash = self._sessions.tokens_by_hash(set(stored.values()))
        await self._statements.read_ahead(wanted, by_hash)

    async def commit(self) -> None:
        """Write the staged changes, then COMMIT."""
        if not self._writing:
            raise RuntimeError("a reading unit of work cannot commit")
        connection = self._connection
        if connection is None:
            raise RuntimeError("the unit of work has ended")
        self._statements.end_staging()
        if any(each.has_added for each in self._first_in_currency):
            # Orders and transfers need such rows, and so need no question of their own.
            with translating_errors():
                await self._database.require_currency(connection)
        for repository in self._unique_first:
            await repository.insert_unique()
        await self._searches.write_texts()
        await self._keys.confirm_found()
        await self._statements.commit(
            [write for part in self._repositories for write in part.pending_writes()]
        )
        # The unit of work is committed, even if its connection fails now.
        self._connection = None
        await return_to_pool(connection)
        self._database.require_committed_file()

    @property
    def _engine(self) -> AsyncEngine:
        return self._database.writer if self._writing else self._database.reader

    def _statements_of(self, connection: AsyncConnection) -> SqlConnection:
        kind = SqliteConnection if self._database.is_embedded else SqlConnection
        return kind(connection, self._database.row_parameters, writing=self._writing)

    def _hit_finder_of(self, connection: SqlConnection) -> HitFinder:
        kind = SqliteHitFinder if self._database.is_embedded else PostgresqlHitFinder
        return kind(connection)

    def _accounts_of(self, connection: SqlConnection) -> SqlAccounts:
        return SqlAccounts(connection)

    def _keys_of(self, connection: SqlConnection) -> SqlIdempotencyKeys:
        # Only one unit of work writes to a SQLite file at a time.
        kind = LateIdempotencyKeys if self._database.is_embedded else SqlIdempotencyKeys
        return kind(connection)


async def return_to_pool(connection: AsyncConnection) -> None:
    """Return a connection to its pool, or drop it if it is broken.

    A broken connection has rolled back. It raises nothing, because the outcome is known by now.
    """
    try:
        await connection.close()
    except (SQLAlchemyError, OSError) as failure:
        _log.error("database_connection_lost", extra={"error": str(failure)})
        with suppress(SQLAlchemyError, OSError):
            await connection.invalidate()
            await connection.close()
