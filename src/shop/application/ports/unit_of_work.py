"""Port to the unit of work: one transaction of the application."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection
from enum import IntEnum, auto
from types import TracebackType
from typing import Self

from shop.application.ports.repositories.accounts import Accounts
from shop.application.ports.repositories.audit import Audit
from shop.application.ports.repositories.catalogue.categories import Categories
from shop.application.ports.repositories.catalogue.imports import Imports
from shop.application.ports.repositories.catalogue.price_changes import PriceChanges
from shop.application.ports.repositories.catalogue.product_searches import ProductSearches
from shop.application.ports.repositories.catalogue.variants import Variants
from shop.application.ports.repositories.customers.addresses import Addresses
from shop.application.ports.repositories.customers.customer_carts import CustomerCarts
from shop.application.ports.repositories.deposits import Deposits
from shop.application.ports.repositories.endpoint_statuses import EndpointStatuses
from shop.application.ports.repositories.gateway_events import GatewayEvents
from shop.application.ports.repositories.idempotency_keys import IdempotencyKeys
from shop.application.ports.repositories.inventories import Inventories
from shop.application.ports.repositories.jobs import Jobs
from shop.application.ports.repositories.notification_deliveries import NotificationDeliveries
from shop.application.ports.repositories.orders import Orders
from shop.application.ports.repositories.payments import Payments
from shop.application.ports.repositories.pricing.customer_groups import CustomerGroups
from shop.application.ports.repositories.pricing.promotion_counters import PromotionCounters
from shop.application.ports.repositories.pricing.promotion_uses import PromotionUses
from shop.application.ports.repositories.pricing.rule_documents import RuleDocuments
from shop.application.ports.repositories.product_images import ProductImages
from shop.application.ports.repositories.products import Products
from shop.application.ports.repositories.rate_limits import RateLimits
from shop.application.ports.repositories.refunds import Refunds
from shop.application.ports.repositories.session_store import SessionStore
from shop.application.ports.repositories.shipment_events import ShipmentEvents
from shop.application.ports.repositories.transfers import Transfers
from shop.application.ports.repositories.users import Users
from shop.application.ports.rows_wanted import RowsWanted

GUARDED_SECONDS = 2.0
"""How long after its first read a unit of work without locks may still write. Until then, one whose
outcome is unknown may yet be committed: nothing holds a lock that the next attempt would meet."""


class LockOrder(IntEnum):
    """The order in which every unit of work takes its locks, so that none waits in a circle."""

    SESSIONS = auto()
    IDEMPOTENCY_KEYS = auto()
    USERS = auto()
    CARTS = auto()
    ACCOUNTS = auto()
    IMPORTS = auto()
    CATEGORIES = auto()
    RULES = auto()  # All of them at once, and only by staff.
    PRODUCTS = auto()  # And their variants.
    INVENTORIES = auto()
    PROMOTIONS = auto()
    ORDERS = auto()  # And deposits, which the repair of payments locks before its orders.
    NOTIFICATION_DELIVERIES = auto()
    WEBHOOK_ENDPOINTS = auto()
    RATE_LIMITS = auto()

    def require_after(self, last: Self | None) -> None:
        """Raise `RuntimeError` if a lock that comes later in the order was taken already."""
        if last is not None and self < last:
            raise RuntimeError(f"{self.name} must be locked before {last.name}")


class UnitOfWork(ABC):
    """One transaction with a repository for each kind of object.

    Repositories return only the objects that exist. Staged changes are visible to no reader until
    `commit`, which is the last statement; without it, everything is rolled back. A lock prevents
    changes by others until the end. Locks are taken in the `LockOrder`, within each kind sorted by
    key; an adapter raises `RuntimeError` for a lock that comes too late.
    """

    users: Users
    addresses: Addresses
    customer_carts: CustomerCarts
    accounts: Accounts
    transfers: Transfers
    categories: Categories
    imports: Imports
    products: Products
    variants: Variants
    price_changes: PriceChanges
    product_searches: ProductSearches
    product_images: ProductImages
    inventories: Inventories
    rule_documents: RuleDocuments
    promotion_counters: PromotionCounters
    promotion_uses: PromotionUses
    customer_groups: CustomerGroups
    orders: Orders
    payments: Payments
    deposits: Deposits
    shipment_events: ShipmentEvents
    refunds: Refunds
    idempotency_keys: IdempotencyKeys
    gateway_events: GatewayEvents
    jobs: Jobs
    notification_deliveries: NotificationDeliveries
    endpoint_statuses: EndpointStatuses
    rate_limits: RateLimits
    sessions: SessionStore
    audit: Audit

    @abstractmethod
    async def __aenter__(self) -> Self:
        """Begin; raise `DatabaseUnavailable` if the database cannot be reached."""

    @abstractmethod
    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Roll back unless committed."""

    async def read_ahead(self, wanted: Collection[RowsWanted]) -> None:  # noqa: B027  It is an optimisation.
        """Read at once what a group asks for; without it, each question is asked.

        A snapshot that has read ahead answers no question about other rows.
        """

    def ask_once(self) -> None:  # noqa: B027  As above.
        """Say that one question follows, which is its own snapshot; another one is an error."""

    @abstractmethod
    async def commit(self) -> None:
        """Write the staged changes, the sessions last, and commit.

        Raise `EmailTaken` if a new user's address is in use, and the failures below.
        """


UnitOfWorkFactory = Callable[[], UnitOfWork]


class DatabaseFailure(Exception):
    """The database failed, not the request."""


class TransientFailure(DatabaseFailure):
    """Nothing was changed, and a retry may succeed."""


class TransactionConflict(TransientFailure):
    """Another transaction was in conflict; a smaller unit of work may succeed."""


class ConnectionLost(TransientFailure):
    """The connection was lost, or could not be made; another may be made at once."""


class CommitOutcomeUnknown(DatabaseFailure):
    """The connection broke after COMMIT was sent, so the commit may have happened."""


class DatabaseUnavailable(DatabaseFailure):
    """The database cannot be used now; nothing was changed."""


class DatabaseUnreachable(DatabaseUnavailable):
    """The database cannot be opened; the message says why and what to check."""


class ShopMoved(DatabaseUnreachable):
    """The shop has left this database; the message says where it is."""

    def __init__(self, target: str, moved_at: str) -> None:
        super().__init__(
            f"the shop has moved to {target} on {moved_at}; serve it there, with SHOP_DATABASE_URL"
            " and SHOP_DATABASE_SCHEMA"
        )


class Overloaded(DatabaseUnavailable):
    """More is asked of the shop than it can do in time; no work was done for this command."""


class LockTimeout(DatabaseUnavailable):
    """Another transaction held a lock for longer than the lock timeout."""


class ConstraintViolated(Exception):
    """A database constraint was violated: a bug in the shop; nothing was changed."""

    def __init__(self, constraint: str) -> None:
        super().__init__(constraint)
        self.constraint = constraint
