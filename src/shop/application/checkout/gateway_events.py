"""Notices: the gateway tells by itself that something has happened to a payment.

A notice says what to look at, and the gateway's books say how it stands: so it does not matter in
what order notices come, how late, or how often.
"""

import logging
from collections.abc import Mapping

from shop.application.checkout.complete_orders import CompletedOrder, CompleteOrder
from shop.application.ledger.deposits import DepositService
from shop.application.ports.clock import Clock
from shop.application.ports.payment_gateway import (
    Approved,
    AuthorisationResult,
    Declined,
    GatewayEvent,
    PaymentGateway,
)
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.group_commit import GroupCommit
from shop.application.transactions.runner import TransactionRunner
from shop.domain.deposit import Deposit
from shop.domain.orders.order import Order
from shop.domain.payment import Payment
from shop.domain.shared.errors import ShopError

_log = logging.getLogger(__name__)


class HandleGatewayEvents:
    """The use case behind the gateway's webhook."""

    def __init__(
        self,
        transactions: TransactionRunner,
        gateway: PaymentGateway,
        completion_queue: GroupCommit[CompleteOrder, CompletedOrder],
        deposits: DepositService,
        clock: Clock,
    ) -> None:
        self._transactions = transactions
        self._gateway = gateway
        self._completion_queue = completion_queue
        self._deposits = deposits
        self._clock = clock

    async def handle(self, body: bytes, headers: Mapping[str, str]) -> None:
        """Do what a notice asks for, once; it is kept in the transaction that does it.

        One of neither an order nor a deposit of ours is kept, and logged as an error. Raise
        `InvalidGatewayEvent` for what the gateway has not sent, `GatewayOutcomeUnknown` where its
        books cannot be read: then it will send the notice again.
        """
        gateway_event = self._gateway.parse_event(body, headers)
        found = await self._find_target(gateway_event)
        if (
            found is None
            and gateway_event.payment_id is not None
            and gateway_event.reference is not None
        ):
            _log.error("notice %s (%s) is of nothing of ours", gateway_event.id, gateway_event.kind)
        authorisation = await self._find_authorisation(gateway_event)
        if found is None or not isinstance(authorisation, Approved | Declined):
            await self._record(gateway_event)
        elif isinstance(found, Deposit):
            await self._deposits.complete(found.id, authorisation, gateway_event)
        else:
            await self._complete_order(*found, authorisation, gateway_event)

    async def _complete_order(
        self,
        order: Order,
        payment: Payment,
        authorisation: Approved | Declined,
        gateway_event: GatewayEvent,
    ) -> None:
        command = CompleteOrder(
            order=order,
            payment=payment,
            payment_outcome=authorisation,
            session=None,
            gateway_event=gateway_event,
        )
        try:
            await self._completion_queue.submit(command)
        except ShopError as error:
            _log.info("notice %s ended order %s: %s", gateway_event.id, order.id, error)

    async def _find_target(
        self, gateway_event: GatewayEvent
    ) -> tuple[Order, Payment] | Deposit | None:
        reference = gateway_event.reference
        if reference is None:
            return None

        async def find(uow: UnitOfWork) -> tuple[Order, Payment] | Deposit | None:
            order = (await uow.orders.get_many([reference])).get(reference)
            payment = (await uow.payments.for_orders([reference])).get(reference)
            if order is not None and payment is not None and payment.card is not None:
                return order, payment
            return (await uow.deposits.get_many([reference])).get(reference)

        return await self._transactions.read(find)

    async def _find_authorisation(self, gateway_event: GatewayEvent) -> AuthorisationResult | None:
        if gateway_event.reference is None:
            return None
        found = await self._gateway.find_payment(gateway_event.reference, gateway_event.payment_id)
        return (
            None
            if found is None or found.reference != gateway_event.reference
            else found.current_result
        )

    async def _record(self, gateway_event: GatewayEvent) -> None:
        async def record(uow: UnitOfWork) -> None:
            await uow.gateway_events.record_new([gateway_event], self._clock.now())
            await uow.commit()

        await self._transactions.write(record, retryable=True)
