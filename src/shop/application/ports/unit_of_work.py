"""The port to the unit of work: all of it or none of it."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from enum import IntEnum, auto
from types import TracebackType
from typing import Self

from shop.application.ports.repositories.accounts import Accounts
from shop.application.ports.repositories.audit import Audit
from shop.application.ports.repositories.deposits import Deposits
from shop.application.ports.repositories.gateway_events import GatewayEvents
from shop.application.ports.repositories.idempotency_keys import IdempotencyKeys
from shop.application.ports.repositories.inventories import Inventories
from shop.application.ports.repositories.jobs import Jobs
from shop.application.ports.repositories.notification_deliveries import NotificationDeliveries
from shop.application.ports.repositories.orders import Orders
from shop.application.ports.repositories.payments import Payments
from shop.application.ports.repositories.products import Products
from shop.application.ports.repositories.refunds import Refunds
from shop.application.ports.repositories.session_store import SessionStore
from shop.application.ports.repositories.shipment_events import ShipmentEvents
from shop.application.ports.repositories.transfers import Transfers
from shop.application.ports.repositories.users import Users


class LockOrder(IntEnum):
    """The order in which every unit of work takes its locks, so that none waits in a circle."""

    SESSIONS = auto()
    IDEMPOTENCY_KEYS = auto()
    USERS = auto()
    ACCOUNTS = auto()
    PRODUCTS = auto()
    INVENTORIES = auto()
    ORDERS = auto()  # and deposits: no unit of work locks both
    NOTIFICATION_DELIVERIES = auto()

    def require_after(self, last: Self | None) -> None:
        """Raise `RuntimeError` if a lock that comes later in the order was taken already."""
        if last is not None and self < last:
            raise RuntimeError(f"{self.name} must be locked before {last.name}")


class UnitOfWork(ABC):
    """Everything stored, as one transaction sees it.

    Enter it, read and stage, and commit as the last step; leaving it in any other way changes
    nothing. Staged changes are visible to no one before the commit. Locks are held until the end.
    They are taken in the `LockOrder`, within each kind sorted by key; an adapter raises
    `RuntimeError` for a lock that comes too late.
    """

    users: Users
    accounts: Accounts
    transfers: Transfers
    products: Products
    inventories: Inventories
    orders: Orders
    payments: Payments
    deposits: Deposits
    shipment_events: ShipmentEvents
    refunds: Refunds
    idempotency_keys: IdempotencyKeys
    gateway_events: GatewayEvents
    jobs: Jobs
    notification_deliveries: NotificationDeliveries
    sessions: SessionStore
    audit: Audit

    @abstractmethod
    async def __aenter__(self) -> Self:
        """Begin; raise `DatabaseUnavailable` where there is no database to begin with."""

    @abstractmethod
    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End; undo everything that was not committed."""

    @abstractmethod
    async def commit(self) -> None:
        """Make everything staged true at once: the domain's changes, the sessions, then COMMIT.

        Raise the domain's own error where a name is taken (`EmailTaken`), and the failures below.
        """


UnitOfWorkFactory = Callable[[], UnitOfWork]


class DatabaseFailure(Exception):
    """The database, not the request, is at fault."""


class TransientFailure(DatabaseFailure):
    """The unit of work certainly changed nothing; the same again may well succeed."""


class TransactionConflict(TransientFailure):
    """Others were in the way; a unit of work that asks for less is less often in theirs."""


class CommitOutcomeUnknown(DatabaseFailure):
    """The connection broke after COMMIT was sent: it happened or it did not."""


class DatabaseUnavailable(DatabaseFailure):
    """The database cannot serve this now; the unit of work certainly changed nothing."""


class LockTimeout(DatabaseUnavailable):
    """Somebody else has held a lock for longer than anybody waits for one."""


class ConstraintViolated(Exception):
    """A rule of the database was broken, so the code decided wrong; nothing was changed.

    It carries the constraint's name.
    """

    def __init__(self, constraint: str) -> None:
        super().__init__(constraint)
        self.constraint = constraint
