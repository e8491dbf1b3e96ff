"""Fulfil an order: ship it and deliver it, all at once or in parts."""

from dataclasses import dataclass
from functools import partial
from uuid import UUID

from shop.application.admission import Admission
from shop.application.announcements import Announcements
from shop.application.ports.clock import Clock
from shop.application.ports.ids import Ids
from shop.application.ports.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transact import Transact
from shop.domain.fulfilment import Fulfilment
from shop.domain.handover import Handover, HandoverKind, Pieces
from shop.domain.order import Actor, OrderNotFound, OrderStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """Ship or deliver these lines of an order, or all that wait for it where there are none."""

    session: SessionToken | None
    order_id: UUID
    kind: HandoverKind
    lines: tuple[Pieces, ...]


class FulfilOrders:
    """The use case that ships and delivers orders (admin)."""

    def __init__(
        self,
        transact: Transact,
        admission: Admission,
        clock: Clock,
        ids: Ids,
        announcements: Announcements,
    ) -> None:
        self._transact = transact
        self._admission = admission
        self._clock = clock
        self._ids = ids
        self._announce = {
            OrderStatus.SHIPPED: announcements.order_shipped,
            OrderStatus.DELIVERED: announcements.order_delivered,
        }

    async def hand_over(self, command: HandOver) -> Handover:
        """Write a handover down, and where the order stands after it; return the handover.

        Raise `NotSignedIn`, `SessionExpired`, `Forbidden`, `OrderNotFound`, `IllegalTransition`
        where the order is past it or nothing waits for it, `MoneyNotTaken`, or `NotSoManyLeft`.
        """
        # Its id is fixed before: whoever finds it there has done it already.
        work = partial(self._hand_over, command, self._ids.new())
        return await self._transact.write(work, repeatable=True)

    async def _hand_over(self, command: HandOver, handover_id: UUID, uow: UnitOfWork) -> Handover:
        await self._admission.admin(uow, command.session)
        before = await lock_fulfilment(uow, command.order_id)
        if before is None:
            raise OrderNotFound
        for earlier in before.handovers:
            if earlier.id == handover_id:
                return earlier
        now = self._clock.now()
        after, handover = before.hand_over(
            command.kind, command.lines, id=handover_id, at=now, actor=Actor.ADMIN
        )
        uow.handovers.add(handover)
        for order, event in after.steps(at=now, actor=Actor.ADMIN):
            uow.orders.save(order, event)
            self._announce[order.status](uow, order, before.payment)
        await uow.commit()
        return handover


async def lock_fulfilment(uow: UnitOfWork, order_id: UUID) -> Fulfilment | None:
    """Lock an order, and return it with all that was done with it; None where there is none."""
    order = (await uow.orders.lock([order_id])).get(order_id)
    if order is None:
        return None
    return Fulfilment(
        order=order,
        payment=(await uow.payments.of_orders([order_id]))[order_id],
        handovers=(await uow.handovers.of_orders([order_id]))[order_id],
        refunds=(await uow.refunds.of_orders([order_id]))[order_id],
    )
