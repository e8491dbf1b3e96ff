"""Inventory: goods come in, or go missing."""

from dataclasses import dataclass
from functools import partial

from shop.application.identity.authentication import SessionAuthenticator
from shop.application.notifications.events import Notifications
from shop.application.ports.clock import Clock
from shop.application.ports.id_generator import IdGenerator
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.runner import TransactionRunner
from shop.domain.account import MAX_NOTE_CHARACTERS
from shop.domain.inventory import Inventory, StockMovement, StockMovementKind
from shop.domain.product import ProductNotFound
from shop.domain.shared.errors import InvalidValue


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustStock:
    """Count goods in (or out, where the delta is negative), for a reason (admin)."""

    session: SessionToken | None
    sku: str
    delta: int
    reason: str


class InventoryService:
    """The use cases around inventories."""

    def __init__(
        self,
        transactions: TransactionRunner,
        authenticator: SessionAuthenticator,
        clock: Clock,
        ids: IdGenerator,
        notifications: Notifications,
    ) -> None:
        self._transactions = transactions
        self._authenticator = authenticator
        self._clock = clock
        self._ids = ids
        self._notifications = notifications

    async def adjust(self, command: AdjustStock) -> Inventory:
        """Change what is on hand and record the movement; return the inventory.

        Raise `NotSignedIn`, `SessionExpired`, `Forbidden`, `InvalidValue`, `ProductNotFound`, or
        `StockBelowReserved` where promised goods would be missing.
        """
        if command.delta == 0:
            raise InvalidValue(field="delta", rule="it is not 0")
        if not 1 <= len(command.reason) <= MAX_NOTE_CHARACTERS:
            raise InvalidValue(field="reason", rule=f"it has 1 to {MAX_NOTE_CHARACTERS} characters")
        return await self._transactions.write(partial(self._adjust, command), retryable=False)

    async def _adjust(self, command: AdjustStock, uow: UnitOfWork) -> Inventory:
        await self._authenticator.require_admin(uow, command.session)
        before = (await uow.inventories.lock([command.sku])).get(command.sku)
        if before is None:
            raise ProductNotFound(sku=command.sku)
        after = before.adjust(command.delta)
        movement = StockMovement.between(
            before,
            after,
            id=self._ids.new(),
            kind=StockMovementKind.ADJUSTMENT,
            order_id=None,
            reason=command.reason,
            created_at=self._clock.now(),
        )
        uow.inventories.save(after, movement)
        self._notifications.stock_changed(uow, before, after)
        await uow.commit()
        return after
