"""Adjusts stock that arrived or went missing."""

from collections.abc import Collection, Mapping
from functools import partial
from uuid import UUID

from shop.application.idempotency.optional_key import execute_once, optional_request
from shop.application.idempotency.results import CommandResult
from shop.application.identity.authentication import SessionAuthenticator
from shop.application.notifications.events import Notifications
from shop.application.ports.clock import Clock
from shop.application.ports.id_generator import IdGenerator
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.runner import TransactionRunner
from shop.domain.account import MAX_NOTE_CHARACTERS
from shop.domain.catalogue.product import ProductNotFound
from shop.domain.inventory import Inventory, StockMovement, StockMovementKind
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.text import require_text
from shop.domain.shared.value import value
from shop.domain.stock_adjustment import StockAdjustment


@value
class AdjustStock:
    """Add `delta` to the stock on hand; it may be negative (admin). The key is optional."""

    session: SessionToken | None
    sku: str
    delta: int
    reason: str
    key: str | None = None


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

    async def adjust(self, command: AdjustStock) -> CommandResult[StockAdjustment]:
        """Adjust the stock on hand and record the movement, once under the key, if there is one.

        Errors: `NotSignedIn`, `SessionExpired`, `Forbidden`, `InvalidValue`, `ProductNotFound`,
        `StockBelowReserved`, `IdempotencyKeyReused`, `RequestInProgress`.
        """
        if command.delta == 0:
            raise InvalidValue(field="delta", rule="must not be 0")
        if not 1 <= len(command.reason) <= MAX_NOTE_CHARACTERS:
            rule = f"must be 1 to {MAX_NOTE_CHARACTERS} characters"
            raise InvalidValue(field="reason", rule=rule)
        require_text(command.reason, "reason")
        return await self._transactions.write(
            partial(self._adjust, command), retryable=command.key is not None
        )

    async def _adjust(
        self, command: AdjustStock, uow: UnitOfWork
    ) -> CommandResult[StockAdjustment]:
        user = await self._authenticator.require_admin(uow, command.session)

        async def load(ids: Collection[UUID]) -> Mapping[UUID, StockAdjustment]:
            return {each: StockAdjustment.with_id(each, command.sku) for each in ids}

        return await execute_once(
            uow,
            optional_request(
                user,
                command.key,
                command,
                "stock",
                sku=command.sku,
                delta=command.delta,
                reason=command.reason,
            ),
            at=self._clock.now(),
            lock=partial(uow.inventories.lock, [command.sku]),
            decide=partial(self._decide, uow, command),
            load=load,
        )

    def _decide(
        self, uow: UnitOfWork, command: AdjustStock, locked: Mapping[str, Inventory]
    ) -> StockAdjustment:
        before = locked.get(command.sku)
        if before is None:
            raise ProductNotFound(sku=command.sku)
        after = before.adjust(command.delta)
        adjustment = StockAdjustment.of(after, random_id=self._ids.new())
        movement = StockMovement.between(
            before,
            after,
            id=adjustment.id,
            kind=StockMovementKind.ADJUSTMENT,
            order_id=None,
            reason=command.reason,
            created_at=self._clock.now(),
        )
        uow.inventories.save(after, movement)
        self._notifications.stock_changed(uow, before, after)
        return adjustment
