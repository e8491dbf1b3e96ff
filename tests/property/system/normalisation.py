"""What a shop answers, in plain values, with all that is random in it numbered."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from shop.application.checkout.cart_changes import CartChanged
from shop.application.checkout.complete_orders import CompletedOrder
from shop.application.checkout.placed_order import PlacedOrder
from shop.application.idempotency.results import CommandResult
from shop.application.identity.authentication import CurrentSession
from shop.application.orders.cancel import CancelledOrder
from shop.domain.account import Transfer
from shop.domain.deposit import Deposit
from shop.domain.inventory import Shortage
from shop.domain.orders.order import Order
from shop.domain.orders.price_changed import PresentTotals
from shop.domain.pricing.quote_errors import CodeUsedUp, InapplicableCode
from shop.domain.session import Session
from shop.domain.shared.errors import ShopError
from shop.domain.shared.money import Money
from shop.domain.user import Role
from tests.factories import NOW, id_of
from tests.property.model.rejection import Outcome
from tests.property.observations import GatewayResponse, Subject
from tests.property.system.scripted_gateway import RawGatewayResponse

UNKNOWN_ID = id_of("unknown")

T = TypeVar("T")


class Normaliser:
    """Normalises the responses of one shop: ids and tokens become numbers, as first seen."""

    def __init__(self) -> None:
        self.tokens: list[str] = []
        self.orders: list[UUID] = []
        self.deposits: list[UUID] = []
        self.transfers: list[UUID] = []
        self.users: dict[UUID, str] = {}
        """The e-mail addresses of those who signed up."""

    def token(self, number: int | None) -> str | None:
        return None if number is None else self.tokens[number]

    def order_id(self, number: int) -> UUID:
        return self.orders[number] if number < len(self.orders) else UNKNOWN_ID

    def current_session(self, current_session: CurrentSession) -> Outcome:
        return {
            "session": self.session(current_session.session),
            "issued": self._token_number(current_session.new_token),
        }

    def session(self, session: Session) -> Outcome:
        return {
            "user": None if session.user_id is None else self.users[session.user_id],
            "admin": Role.ADMIN in session.roles,
            "cart": {line.sku: line.quantity for line in session.cart.lines},
            "order": None
            if session.last_order_id is None
            else number(self.orders, session.last_order_id),
        }

    def cart(self, changed: CartChanged) -> Outcome:
        return {
            "lines": [
                (line.sku, line.quantity, line.unit_price.amount, line.available)
                for line in changed.cart.lines
            ],
            "problems": [
                (each.code, each.sku, each.requested, each.available)
                for each in changed.cart.problems
            ],
            "total": changed.cart.total.amount,
            "issued": None
            if changed.current_session is None
            else self._token_number(changed.current_session.new_token),
        }

    def placed(self, placed: PlacedOrder) -> Outcome:
        order = placed.order
        assert placed.payment.amount == order.total
        return {
            "order": number(self.orders, order.id),
            "lines": [(line.sku, line.quantity, line.unit_price.amount) for line in order.lines],
            "discounts": discounts_of(order),
            "total": order.total.amount,
            "status": order.status.value,
            "payment": placed.payment.status.value,
            "placed": seconds(order.placed_at),
            "issued": self._token_number(placed.new_token),
        }

    def completed(self, completed: CompletedOrder) -> Outcome:
        match completed:
            case None:
                return {"decided": "by another process"}
            case ShopError():
                return self.rejected(completed)
            case _:
                return self.placed(completed)

    def cancelled(self, cancelled: CancelledOrder) -> Outcome:
        return {
            "order": number(self.orders, cancelled.order.id),
            "status": cancelled.order.status.value,
            "payment": cancelled.payment.status.value,
            "version": cancelled.order.version,
        }

    def deposited(self, deposit: Deposit) -> Outcome:
        return {
            "deposit": number(self.deposits, deposit.id),
            "amount": deposit.amount.amount,
            "status": deposit.status.value,
            "at": seconds(deposit.created_at),
        }

    def subject(self, reference: UUID) -> Subject:
        """Tell which order or deposit has this id."""
        if reference in self.deposits:
            return "deposit", self.deposits.index(reference)
        return "order", self.orders.index(reference)

    def gateway_responses(
        self, responses: Sequence[RawGatewayResponse]
    ) -> Sequence[GatewayResponse]:
        """Return the gateway's responses about existing orders and deposits."""
        known = [*self.orders, *self.deposits]
        return [
            GatewayResponse(
                self.subject(response.reference),
                response.kind,
                response.reason,
                seconds(response.at),
            )
            for response in responses
            if response.reference in known
        ]

    def transferred(self, transfer: Transfer) -> Outcome:
        return {
            "transfer": number(self.transfers, transfer.id),
            "amount": transfer.amount.amount,
            "note": transfer.note,
            "at": seconds(transfer.created_at),
        }

    def result(self, result: CommandResult[T], normalise: Callable[[T], Outcome]) -> Outcome:
        """Tell of a reply to one of a group."""
        value = result.value
        outcome = self.rejected(value) if isinstance(value, ShopError) else normalise(value)
        return {**outcome, "replayed": True} if result.replayed else outcome

    def rejected(self, error: ShopError) -> Outcome:
        """Return the code of a rejection, and its facts."""
        values = {each.name: _plain(getattr(error, each.name)) for each in fields(error)}
        if isinstance(error, CodeUsedUp) and error.order_id is not None:
            values["order_id"] = number(self.orders, error.order_id)
        return {"rejected": error.code, **values}

    def _token_number(self, token: str | None) -> int | None:
        return None if token is None else number(self.tokens, token)


def number(things: list[T], thing: T) -> int:
    """Return the number of a thing: they count from 0, in the order in which they are seen."""
    if thing not in things:
        things.append(thing)
    return things.index(thing)


def discounts_of(order: Order) -> Sequence[object]:
    """Tell what promotions have taken off an order, and off each line."""
    return [
        (each.promotion, each.code, each.amount, list(each.line_shares)) for each in order.discounts
    ]


def seconds(time: datetime) -> int:
    """Tell a moment in seconds since the shop was opened."""
    return int((time - NOW).total_seconds())


def _plain(value: object) -> object:
    match value:
        case Money():
            return value.amount
        case Shortage():
            return [value.sku, value.requested, value.available]
        case PresentTotals():
            return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
        case InapplicableCode():
            return [value.code, value.condition]
        case tuple():
            return [_plain(each) for each in value]
        case _:
            return value
