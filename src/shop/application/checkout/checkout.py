"""Places an order and pays for it.

No transaction or connection is held during the call to the gateway. If the gateway does not
respond, the order stays pending and a job resolves it.
"""

from dataclasses import replace

from shop.application.checkout.checked_details import DetailsChecks
from shop.application.checkout.complete_orders import CompletedOrder, CompleteOrder
from shop.application.checkout.customer_actions import CustomerActions
from shop.application.checkout.placed_order import PlacedOrder, is_pending
from shop.application.checkout.placement_batch import PlaceOrder
from shop.application.idempotency.results import CommandResult
from shop.application.payments.card_payments import CardPayment, CardPayments
from shop.application.ports.metrics import UNCOUNTED, Metrics
from shop.application.ports.payment_gateway import ActionRequired
from shop.application.transactions.group_commit import GroupCommit
from shop.application.transactions.runner import after_commit
from shop.domain.shared.errors import ShopError

PlacementQueue = GroupCommit[PlaceOrder, CommandResult[PlacedOrder]]
CompletionQueue = GroupCommit[CompleteOrder, CompletedOrder]


class Checkout:
    """Places an order and, for card payments, authorises and completes it."""

    def __init__(
        self,
        placement_queue: PlacementQueue,
        completion_queue: CompletionQueue,
        card_payments: CardPayments,
        customer_actions: CustomerActions,
        details_checks: DetailsChecks,
        metrics: Metrics = UNCOUNTED,
    ) -> None:
        self._metrics = metrics
        self._placement_queue = placement_queue
        self._completion_queue = completion_queue
        self._card_payments = card_payments
        self._customer_actions = customer_actions
        self._details_checks = details_checks

    async def place(self, command: PlaceOrder) -> CommandResult[PlacedOrder]:
        """Place an order and pay for it; it stays pending while the outcome is unknown.

        If the customer has to authenticate, the result has the action. The same command
        under the same key continues the same payment. Errors: those of `PlaceOrders`,
        `CardDeclined` and `PaymentExpired`.
        """
        try:
            result = await self._place(command)
        except ShopError as error:
            self._metrics.order_answered(error.code)
            raise
        if not result.replayed:
            self._metrics.order_answered(_outcome(result.value))
        return result

    async def _place(self, command: PlaceOrder) -> CommandResult[PlacedOrder]:
        command = await self._details_checks.check(command)
        result = await self._placement_queue.submit(command)
        placed = result.value
        if isinstance(placed, ShopError) or not is_pending(placed):
            return result
        with after_commit():
            return await self._pay(command, result, placed)

    async def _pay(
        self, command: PlaceOrder, result: CommandResult[PlacedOrder], placed: PlacedOrder
    ) -> CommandResult[PlacedOrder]:
        authorisation = await self._card_payments.authorise(CardPayment.for_order(placed.payment))
        if isinstance(authorisation, ActionRequired):
            payment = await self._customer_actions.record(placed.payment)
            return replace(
                result,
                value=replace(placed, payment=payment),
                action=authorisation,
            )
        if authorisation is None:
            return result
        completion = CompleteOrder(
            order=placed.order,
            payment=placed.payment,
            payment_outcome=authorisation,
            # A guest's order has bound the session, and so may have changed its token.
            session=result.new_token or command.session,
        )
        try:
            completed = await self._completion_queue.submit(completion)
        except ShopError as error:
            # With the result, the caller learns whose order it was.
            return replace(result, value=error, replayed=False)
        if completed is None:
            # The order was decided concurrently: the key has the outcome. It is not replayed,
            # because this request found the order pending.
            decided = await self._placement_queue.submit(command)
            return replace(decided, replayed=False, new_token=result.new_token)
        return replace(result, value=completed, replayed=False)


def _outcome(placed: PlacedOrder | ShopError) -> str:
    return placed.code if isinstance(placed, ShopError) else placed.order.status.value
