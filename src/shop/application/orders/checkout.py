"""Checkout: place an order, and where a card pays, ask for it and finish.

No transaction and no connection is held while the gateway is asked. Where it says nothing, nothing
is changed: the order stays pending, and the outbox has a job that will find out.
"""

from dataclasses import replace

from shop.application.group_commit import GroupCommit
from shop.application.idempotency import Reply
from shop.application.orders.finish import FinishedOrder, FinishOrder
from shop.application.orders.place import PlaceOrder
from shop.application.orders.placed import PlacedOrder
from shop.application.payments import CardDesk, CardRequest
from shop.application.ports.payment_gateway import Challenged
from shop.domain.errors import ShopError
from shop.domain.order import OrderStatus

PlacingLine = GroupCommit[PlaceOrder, Reply[PlacedOrder]]
FinishingLine = GroupCommit[FinishOrder, FinishedOrder]


class Checkout:
    """The use case behind the button."""

    def __init__(self, placing: PlacingLine, finishing: FinishingLine, cards: CardDesk) -> None:
        self._placing = placing
        self._finishing = finishing
        self._cards = cards

    async def place(self, command: PlaceOrder) -> Reply[PlacedOrder]:
        """Place an order, and pay; it is pending where the card's answer is not known yet.

        Where the customer has to take a step first, the reply has the secret for that. The same
        command under the same key asks again for the same payment. Refusals are those of
        `PlaceOrders`, and `CardDeclined` or `PaymentExpired`.
        """
        reply = await self._placing.send(command)
        if not _is_pending(reply):
            return reply
        placed = reply.unwrap()
        verdict = await self._cards.ask(CardRequest.of_order(placed.payment))
        if isinstance(verdict, Challenged):
            return replace(reply, client_secret=verdict.client_secret)
        if verdict is None:
            return reply
        finished = await self._finishing.send(
            FinishOrder(
                order=placed.order,
                payment=placed.payment,
                ending=verdict,
                session=command.session,
                notice=None,
            )
        )
        if finished is None:
            # Somebody else has decided: the key tells how.
            return await self._placing.send(command)
        return Reply(answer=finished, replayed=False)


def _is_pending(reply: Reply[PlacedOrder]) -> bool:
    answer = reply.answer
    return not isinstance(answer, ShopError) and answer.order.status is OrderStatus.PENDING
