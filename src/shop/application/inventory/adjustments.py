"""Adjusts stock that arrived or went missing."""

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
from shop.domain.shared.text import require_text


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustStock:
    """Add `delta` to the stock on hand; it may be negative (admin)."""

    session: SessionToken | None
    sku: str
    delta: int
    reason: str


class InventoryService:
    """Adjusts inventories."""

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
        """Adjust the stock on hand and record the movement; return the inventory.

        Raise `NotSignedIn`, `SessionExpired`, `Forbidden`, `InvalidValue`, `ProductNotFound` or
        `StockBelowReserved`.
        """
        if command.delta == 0:
            raise InvalidValue(field="delta", rule="must not be 0")
        if not 1 <= len(command.reason) <= MAX_NOTE_CHARACTERS:
            rule = f"must be 1 to {MAX_NOTE_CHARACTERS} characters"
            raise InvalidValue(field="reason", rule=rule)
        require_text(command.reason, "reason")
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
