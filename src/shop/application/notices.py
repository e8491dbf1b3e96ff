"""Notices: the gateway tells by itself that something has happened to a payment.

A notice says what to look at, and the gateway's books say how it stands: so it does not matter in
what order notices come, how late, or how often.
"""

import logging
from collections.abc import Mapping

from shop.application.deposits import Deposits
from shop.application.group_commit import GroupCommit
from shop.application.orders.finish import FinishedOrder, FinishOrder
from shop.application.ports.clock import Clock
from shop.application.ports.payment_gateway import (
    Approved,
    Declined,
    Notice,
    PaymentGateway,
    Verdict,
)
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transact import Transact
from shop.domain.deposit import Deposit
from shop.domain.errors import ShopError
from shop.domain.order import Order
from shop.domain.payment import Payment

_log = logging.getLogger(__name__)


class HandleNotices:
    """The use case behind the gateway's webhook."""

    def __init__(
        self,
        transact: Transact,
        gateway: PaymentGateway,
        finishing: GroupCommit[FinishOrder, FinishedOrder],
        deposits: Deposits,
        clock: Clock,
    ) -> None:
        self._transact = transact
        self._gateway = gateway
        self._finishing = finishing
        self._deposits = deposits
        self._clock = clock

    async def receive(self, body: bytes, headers: Mapping[str, str]) -> None:
        """Do what a notice asks for, once; it is kept in the transaction that does it.

        One of neither an order nor a deposit of ours is kept, and logged as an error. Raise
        `NoticeRefused` for what the gateway has not sent, `GatewaySilent` where its books cannot be
        read: then it will send the notice again.
        """
        notice = self._gateway.read_notice(body, headers)
        found = await self._find(notice)
        if found is None and notice.payment_id is not None and notice.reference is not None:
            _log.error("notice %s (%s) is of nothing of ours", notice.id, notice.kind)
        verdict = await self._verdict(notice)
        if found is None or not isinstance(verdict, Approved | Declined):
            await self._keep(notice)
        elif isinstance(found, Deposit):
            await self._deposits.finish(found.id, verdict, notice)
        else:
            await self._finish(*found, verdict, notice)

    async def _finish(
        self, order: Order, payment: Payment, verdict: Approved | Declined, notice: Notice
    ) -> None:
        command = FinishOrder(
            order=order, payment=payment, ending=verdict, session=None, notice=notice
        )
        try:
            await self._finishing.send(command)
        except ShopError as refusal:
            _log.info("notice %s ended order %s: %s", notice.id, order.id, refusal)

    async def _find(self, notice: Notice) -> tuple[Order, Payment] | Deposit | None:
        reference = notice.reference
        if reference is None:
            return None

        async def find(uow: UnitOfWork) -> tuple[Order, Payment] | Deposit | None:
            order = (await uow.orders.get_many([reference])).get(reference)
            payment = (await uow.payments.of_orders([reference])).get(reference)
            if order is not None and payment is not None and payment.card is not None:
                return order, payment
            return (await uow.deposits.get_many([reference])).get(reference)

        return await self._transact.read(find)

    async def _verdict(self, notice: Notice) -> Verdict | None:
        if notice.reference is None:
            return None
        found = await self._gateway.look_up(notice.reference, notice.payment_id)
        return None if found is None or found.reference != notice.reference else found.answer

    async def _keep(self, notice: Notice) -> None:
        async def keep(uow: UnitOfWork) -> None:
            await uow.notices.take([notice], self._clock.now())
            await uow.commit()

        await self._transact.write(keep, repeatable=True)
