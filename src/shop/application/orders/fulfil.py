"""Records shipments and deliveries of orders, in full or in parts."""

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
from shop.domain.orders.fulfilment import Fulfilment
from shop.domain.orders.order import Actor, OrderNotFound, OrderStatus
from shop.domain.orders.shipment import ShipmentEvent, ShipmentEventKind
from shop.domain.shared.line_quantity import LineQuantity
from shop.domain.shared.value import value


@value
class RecordShipmentEvent:
    """Ship or deliver lines of an order; no lines means all that remain (admin).

    The key is optional.
    """

    session: SessionToken | None
    order_id: UUID
    kind: ShipmentEventKind
    lines: tuple[LineQuantity, ...]
    key: str | None = None


class FulfilOrders:
    """Records shipments and deliveries."""

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
        self._notify = {
            OrderStatus.SHIPPED: notifications.order_shipped,
            OrderStatus.DELIVERED: notifications.order_delivered,
        }

    async def record(self, command: RecordShipmentEvent) -> CommandResult[ShipmentEvent]:
        """Record a shipment event and the order's next status, once under the key, if any.

        Errors: `NotSignedIn`, `SessionExpired`, `Forbidden`, `OrderNotFound`, `IllegalTransition`
        (also if nothing remains), `PaymentNotCaptured`, `QuantityExceedsOrder`,
        `IdempotencyKeyReused`, `RequestInProgress`.
        """
        # The id is fixed before the first attempt, so that a retry finds the recorded event.
        work = partial(self._record, command, self._ids.new())
        return await self._transactions.write(work, retryable=True)

    async def _record(
        self, command: RecordShipmentEvent, shipment_event_id: UUID, uow: UnitOfWork
    ) -> CommandResult[ShipmentEvent]:
        user = await self._authenticator.require_admin(uow, command.session)
        return await execute_once(
            uow,
            optional_request(
                user,
                command.key,
                command,
                command.kind.value,
                order_id=command.order_id,
                lines=command.lines,
            ),
            at=self._clock.now(),
            lock=partial(lock_fulfilment, uow, command.order_id),
            decide=partial(self._decide, uow, command, shipment_event_id),
            load=uow.shipment_events.get_many,
        )

    def _decide(
        self,
        uow: UnitOfWork,
        command: RecordShipmentEvent,
        shipment_event_id: UUID,
        before: Fulfilment | None,
    ) -> ShipmentEvent:
        if before is None:
            raise OrderNotFound
        for earlier in before.shipment_events:
            if earlier.id == shipment_event_id:
                return earlier
        now = self._clock.now()
        after, shipment_event = before.record(
            command.kind, command.lines, id=shipment_event_id, at=now, actor=Actor.ADMIN
        )
        uow.shipment_events.add(shipment_event)
        for order, status_change in after.status_changes(at=now, actor=Actor.ADMIN):
            uow.orders.save(order, status_change)
            self._notify[order.status](uow, order, before.payment)
        return shipment_event


async def lock_fulfilment(uow: UnitOfWork, order_id: UUID) -> Fulfilment | None:
    """Lock an order and load its fulfilment; return None if it does not exist."""
    order = (await uow.orders.lock([order_id])).get(order_id)
    if order is None:
        return None
    return Fulfilment(
        order=order,
        payment=(await uow.payments.for_orders([order_id]))[order_id],
        shipment_events=(await uow.shipment_events.for_orders([order_id]))[order_id],
        refunds=(await uow.refunds.for_orders([order_id]))[order_id],
    )
