"""The unit of work in memory."""

from collections.abc import Callable
from types import TracebackType
from typing import Self

from shop.adapters.memory.audit.audit import MemoryAudit
from shop.adapters.memory.engine.database import MemoryDatabase
from shop.adapters.memory.engine.transaction import MemoryTransaction
from shop.adapters.memory.repositories.accounts import MemoryAccounts
from shop.adapters.memory.repositories.catalogue.categories import MemoryCategories
from shop.adapters.memory.repositories.catalogue.imports import MemoryImports
from shop.adapters.memory.repositories.catalogue.price_changes import MemoryPriceChanges
from shop.adapters.memory.repositories.catalogue.product_searches import MemoryProductSearches
from shop.adapters.memory.repositories.catalogue.variants import MemoryVariants
from shop.adapters.memory.repositories.customers.addresses import MemoryAddresses
from shop.adapters.memory.repositories.customers.customer_carts import MemoryCustomerCarts
from shop.adapters.memory.repositories.deposits import MemoryDeposits
from shop.adapters.memory.repositories.endpoint_statuses import MemoryEndpointStatuses
from shop.adapters.memory.repositories.gateway_events import MemoryGatewayEvents
from shop.adapters.memory.repositories.idempotency_keys import MemoryIdempotencyKeys
from shop.adapters.memory.repositories.inventories import MemoryInventories
from shop.adapters.memory.repositories.jobs import MemoryJobs
from shop.adapters.memory.repositories.notification_deliveries import MemoryNotificationDeliveries
from shop.adapters.memory.repositories.orders import MemoryOrders
from shop.adapters.memory.repositories.payments import MemoryPayments
from shop.adapters.memory.repositories.pricing.customer_groups import MemoryCustomerGroups
from shop.adapters.memory.repositories.pricing.promotion_counters import MemoryPromotionCounters
from shop.adapters.memory.repositories.pricing.promotion_uses import MemoryPromotionUses
from shop.adapters.memory.repositories.pricing.rule_documents import MemoryRuleDocuments
from shop.adapters.memory.repositories.product_images import MemoryProductImages
from shop.adapters.memory.repositories.products import MemoryProducts
from shop.adapters.memory.repositories.rate_limits import MemoryRateLimits
from shop.adapters.memory.repositories.refunds import MemoryRefunds
from shop.adapters.memory.repositories.session_store import MemorySessionStore
from shop.adapters.memory.repositories.shipment_events import MemoryShipmentEvents
from shop.adapters.memory.repositories.transfers import MemoryTransfers
from shop.adapters.memory.repositories.users import MemoryUsers
from shop.application.ports.repositories.session_store import SessionStore, unwrapped
from shop.application.ports.unit_of_work import UnitOfWork


class MemoryUnitOfWork(UnitOfWork):
    """A unit of work on a `MemoryDatabase`, writing or read-only.

    Writing ones run one after the other; read-only ones never wait. `sessions` may wrap the
    session store.
    """

    def __init__(
        self,
        database: MemoryDatabase,
        *,
        writing: bool,
        sessions: Callable[[SessionStore], SessionStore] = unwrapped,
    ) -> None:
        transaction = MemoryTransaction(database, writing=writing)
        users, accounts, transfers = (
            MemoryUsers(transaction),
            MemoryAccounts(transaction),
            MemoryTransfers(transaction),
        )
        addresses, customer_carts = (
            MemoryAddresses(transaction),
            MemoryCustomerCarts(transaction),
        )
        product_images = MemoryProductImages(transaction)
        products, inventories = MemoryProducts(transaction), MemoryInventories(transaction)
        categories = MemoryCategories(transaction)
        product_searches = MemoryProductSearches(transaction)
        imports = MemoryImports(transaction)
        rule_documents = MemoryRuleDocuments(transaction)
        promotion_counters, promotion_uses = (
            MemoryPromotionCounters(transaction),
            MemoryPromotionUses(transaction),
        )
        customer_groups = MemoryCustomerGroups(transaction)
        price_changes, orders = MemoryPriceChanges(transaction), MemoryOrders(transaction)
        payments = MemoryPayments(transaction, orders)
        shipment_events, refunds = (
            MemoryShipmentEvents(transaction, orders),
            MemoryRefunds(transaction, orders),
        )
        idempotency_keys, session_store = (
            MemoryIdempotencyKeys(transaction),
            MemorySessionStore(transaction),
        )
        deposits = MemoryDeposits(transaction)
        jobs, gateway_events = MemoryJobs(transaction), MemoryGatewayEvents(transaction)
        notification_deliveries = MemoryNotificationDeliveries(transaction)
        endpoint_statuses = MemoryEndpointStatuses(transaction)
        rate_limits = MemoryRateLimits(transaction)
        self._transaction = transaction
        # This order satisfies the foreign keys; sessions are last.
        self._changes = (
            users.apply,
            addresses.apply,
            customer_carts.apply,
            customer_groups.apply,
            accounts.apply,
            imports.apply,
            products.apply,
            price_changes.apply,
            categories.apply,
            product_searches.apply,
            product_images.apply,
            inventories.apply,
            rule_documents.apply,
            promotion_counters.apply,
            orders.apply,
            promotion_uses.apply,
            payments.apply,
            deposits.apply,
            shipment_events.apply,
            refunds.apply,
            transfers.apply,
            idempotency_keys.apply,
            jobs.apply,
            gateway_events.apply,
            notification_deliveries.apply,
            endpoint_statuses.apply,
            rate_limits.apply,
            session_store.apply,
        )
        self.users = users
        self.addresses, self.customer_carts = addresses, customer_carts
        self.accounts = accounts
        self.transfers = transfers
        self.imports = imports
        self.products = products
        self.variants, self.price_changes = MemoryVariants(transaction), price_changes
        self.categories = categories
        self.product_searches = product_searches
        self.product_images = product_images
        self.inventories = inventories
        self.rule_documents = rule_documents
        self.promotion_counters = promotion_counters
        self.promotion_uses = promotion_uses
        self.customer_groups = customer_groups
        self.orders = orders
        self.payments = payments
        self.deposits = deposits
        self.shipment_events = shipment_events
        self.refunds = refunds
        self.idempotency_keys = idempotency_keys
        self.jobs = jobs
        self.gateway_events = gateway_events
        self.notification_deliveries = notification_deliveries
        self.endpoint_statuses = endpoint_statuses
        self.rate_limits = rate_limits
        self.sessions = sessions(session_store)
        self.audit = MemoryAudit(transaction)

    async def __aenter__(self) -> Self:
        """Begin."""
        await self._transaction.begin()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End; changes that were not committed are lost."""
        self._transaction.end()

    async def commit(self) -> None:
        """Commit all staged changes, or none if one is invalid."""
        self._transaction.commit(self._changes)
