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
from shop.application.ports.paging import Page, PageRequest, TimeCursor
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.runner import TransactionRunner
from shop.domain.account import MAX_NOTE_CHARACTERS
from shop.domain.catalogue.product import ProductNotFound, SeveralVariants
from shop.domain.inventory import Inventory, StockMovement, StockMovementKind
from shop.domain.shared.errors import InvalidValue, ShopError
from shop.domain.shared.text import require_text
from shop.domain.shared.value import value
from shop.domain.stock_adjustment import StockAdjustment
from shop.domain.user import Role, User


@value
class AdjustStock:
    """Add `delta` to the stock on hand; it may be negative (admin). The key is optional.

    It is for the variant of a SKU, or for the only one of a product.
    """

    session: SessionToken | None
    delta: int
    reason: str
    sku: str | None = None
    product: str | None = None
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
        `SeveralVariants`, `StockBelowReserved`, `IdempotencyKeyReused`, `RequestInProgress`.
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

    async def movements(
        self, user: User, sku: str, page: PageRequest[TimeCursor]
    ) -> Page[StockMovement, TimeCursor]:
        """Return a page of the changes of a variant's stock, newest first.

        Raise `Forbidden` unless an admin asks, or `ProductNotFound`.
        """
        user.require(Role.ADMIN)

        async def read(uow: UnitOfWork) -> Page[StockMovement, TimeCursor]:
            if not await uow.inventories.get_many([sku]):
                raise ProductNotFound(sku=sku)
            return await uow.inventories.movements(sku, page)

        return await self._transactions.read(read)

    async def movements_of_product(
        self, user: User, handle: str, page: PageRequest[TimeCursor]
    ) -> Page[StockMovement, TimeCursor]:
        """Like `movements`, of a product with one variant; raise `SeveralVariants` for others."""
        user.require(Role.ADMIN)

        async def read(uow: UnitOfWork) -> Page[StockMovement, TimeCursor]:
            sku = await _only_sku(uow, handle)
            if isinstance(sku, ShopError):
                raise sku
            return await uow.inventories.movements(sku, page)

        return await self._transactions.read(read)

    async def _adjust(
        self, command: AdjustStock, uow: UnitOfWork
    ) -> CommandResult[StockAdjustment]:
        user = await self._authenticator.require_admin(uow, command.session)

        async def load(ids: Collection[UUID]) -> Mapping[UUID, StockAdjustment]:
            # The product may have other variants by now.
            movements = await uow.inventories.find_movements(ids)
            return {each: StockAdjustment.with_id(each, movements[each].sku) for each in ids}

        return await execute_once(
            uow,
            optional_request(
                user,
                command.key,
                command,
                "stock" if command.sku is None else "stock of variant",
                # Earlier releases knew products of one variant, whose handle was its SKU.
                sku=command.sku or command.product,
                delta=command.delta,
                reason=command.reason,
            ),
            at=self._clock.now(),
            lock=partial(_lock, uow, command),
            decide=partial(self._decide, uow, command),
            load=load,
        )

    def _decide(
        self, uow: UnitOfWork, command: AdjustStock, before: Inventory | ShopError
    ) -> StockAdjustment:
        if isinstance(before, ShopError):
            raise before
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


async def _lock(uow: UnitOfWork, command: AdjustStock) -> Inventory | ShopError:
    """Lock the inventory that a command is for, or return why there is none."""
    sku = command.sku or await _only_sku(uow, command.product or "")
    if isinstance(sku, ShopError):
        return sku
    return (await uow.inventories.lock([sku])).get(sku) or ProductNotFound(sku=sku)


async def _only_sku(uow: UnitOfWork, handle: str) -> str | ShopError:
    product = (await uow.products.get_many([handle])).get(handle)
    if product is None:
        return ProductNotFound(sku=handle)
    variant = product.only_variant
    return SeveralVariants(handle=handle) if variant is None else variant.sku
