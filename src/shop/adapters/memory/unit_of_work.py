"""The unit of work in memory."""

from collections.abc import Callable
from types import TracebackType
from typing import Self

from shop.adapters.memory.accounts import MemoryAccounts, MemoryTransfers
from shop.adapters.memory.audit import MemoryAudit
from shop.adapters.memory.catalogue import MemoryProducts
from shop.adapters.memory.database import MemoryDatabase
from shop.adapters.memory.deposits import MemoryDeposits
from shop.adapters.memory.dispatches import MemoryDispatches
from shop.adapters.memory.fulfilment import MemoryHandovers, MemoryRefunds
from shop.adapters.memory.idempotency import MemoryIdempotencyKeys
from shop.adapters.memory.inventory import MemoryInventories
from shop.adapters.memory.notices import MemoryNotices
from shop.adapters.memory.orders import MemoryOrders
from shop.adapters.memory.outbox import MemoryOutbox
from shop.adapters.memory.payments import MemoryPayments
from shop.adapters.memory.session_store import MemorySessionStore
from shop.adapters.memory.turn import Turn
from shop.adapters.memory.users import MemoryUsers
from shop.application.ports.session_store import SessionStore, as_they_are
from shop.application.ports.unit_of_work import UnitOfWork


class MemoryUnitOfWork(UnitOfWork):
    """A unit of work on a `MemoryDatabase`: a writing one, or a snapshot that changes nothing.

    Writing ones queue and run one after the other; snapshots wait for nobody. `sessions` may put
    another store in front of the one in memory.
    """

    def __init__(
        self,
        database: MemoryDatabase,
        *,
        writing: bool,
        sessions: Callable[[SessionStore], SessionStore] = as_they_are,
    ) -> None:
        turn = Turn(database, writing=writing)
        users, accounts, transfers = MemoryUsers(turn), MemoryAccounts(turn), MemoryTransfers(turn)
        products, inventories = MemoryProducts(turn), MemoryInventories(turn)
        orders = MemoryOrders(turn)
        payments = MemoryPayments(turn, orders)
        handovers, refunds = MemoryHandovers(turn, orders), MemoryRefunds(turn, orders)
        keys, session_store = MemoryIdempotencyKeys(turn), MemorySessionStore(turn)
        deposits = MemoryDeposits(turn)
        outbox, notices = MemoryOutbox(turn), MemoryNotices(turn)
        dispatches = MemoryDispatches(turn)
        self._turn = turn
        # A row comes after those that it refers to; the sessions come last.
        self._changes = (
            users.applied_to,
            accounts.applied_to,
            products.applied_to,
            inventories.applied_to,
            orders.applied_to,
            payments.applied_to,
            deposits.applied_to,
            handovers.applied_to,
            refunds.applied_to,
            transfers.applied_to,
            keys.applied_to,
            outbox.applied_to,
            notices.applied_to,
            dispatches.applied_to,
            session_store.applied_to,
        )
        self.users = users
        self.accounts = accounts
        self.transfers = transfers
        self.products = products
        self.inventories = inventories
        self.orders = orders
        self.payments = payments
        self.deposits = deposits
        self.handovers = handovers
        self.refunds = refunds
        self.keys = keys
        self.outbox = outbox
        self.notices = notices
        self.dispatches = dispatches
        self.sessions = sessions(session_store)
        self.audit = MemoryAudit(turn)

    async def __aenter__(self) -> Self:
        """Wait for the turn, and begin."""
        await self._turn.begin()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End; what was not committed is forgotten."""
        self._turn.end()

    async def commit(self) -> None:
        """Make everything staged true at once, or nothing of it."""
        self._turn.commit(self._changes)
