"""What a shop answers, in plain values, with all that is random in it numbered."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from shop.application.checkout.cart import CartChanged
from shop.application.checkout.complete_orders import CompletedOrder
from shop.application.checkout.placed_order import PlacedOrder
from shop.application.idempotency.results import CommandResult
from shop.application.identity.authentication import CurrentSession
from shop.application.orders.cancel import CancelledOrder
from shop.domain.account import Transfer
from shop.domain.deposit import Deposit
from shop.domain.inventory import Shortage
from shop.domain.session import Session
from shop.domain.shared.errors import ShopError
from shop.domain.shared.money import Money
from shop.domain.user import Role
from tests.factories import NOW, an_id
from tests.property.books import Outcome
from tests.property.gateways import Word
from tests.property.sightings import Heard, Subject

NOBODYS = an_id("what nobody has")

T = TypeVar("T")


class Answers:
    """Tells of one shop's answers. Tokens, orders, deposits and transfers are numbered as seen."""

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
        return self.orders[number] if number < len(self.orders) else NOBODYS

    def visit(self, visit: CurrentSession) -> Outcome:
        return {"visit": self.session(visit.session), "issued": self._issued(visit.new_token)}

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
                (line.product.sku, line.quantity, line.product.price.amount, line.available)
                for line in changed.cart.lines
            ],
            "total": changed.cart.total.amount,
            "issued": None
            if changed.current_session is None
            else self._issued(changed.current_session.new_token),
        }

    def placed(self, placed: PlacedOrder) -> Outcome:
        order = placed.order
        assert placed.payment.amount == order.total
        return {
            "order": number(self.orders, order.id),
            "lines": [(line.sku, line.quantity, line.unit_price.amount) for line in order.lines],
            "total": order.total.amount,
            "status": order.status.value,
            "payment": placed.payment.status.value,
            "placed": seconds(order.placed_at),
            "issued": self._issued(placed.new_token),
        }

    def finished(self, finished: CompletedOrder) -> Outcome:
        match finished:
            case None:
                return {"decided": "by somebody else"}
            case ShopError():
                return refusal(finished)
            case _:
                return self.placed(finished)

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

    def heard(self, words: Sequence[Word]) -> Sequence[Heard]:
        """Tell what the gateway was heard to say, but not of what there is not."""
        known = [*self.orders, *self.deposits]
        return [
            Heard(self.subject(word.reference), word.what, word.reason, seconds(word.at))
            for word in words
            if word.reference in known
        ]

    def moved(self, transfer: Transfer) -> Outcome:
        return {
            "transfer": number(self.transfers, transfer.id),
            "amount": transfer.amount.amount,
            "note": transfer.note,
            "at": seconds(transfer.created_at),
        }

    def _issued(self, token: str | None) -> int | None:
        return None if token is None else number(self.tokens, token)


def number(things: list[T], thing: T) -> int:
    """Return the number of a thing: they count from 0, in the order in which they are seen."""
    if thing not in things:
        things.append(thing)
    return things.index(thing)


def reply(given: CommandResult[T], told: Callable[[T], Outcome]) -> Outcome:
    """Tell of a reply to one of a group."""
    answer = given.value
    outcome = refusal(answer) if isinstance(answer, ShopError) else told(answer)
    return {**outcome, "replayed": True} if given.replayed else outcome


def refusal(error: ShopError) -> Outcome:
    """Tell the name of a refusal, and its facts."""
    facts = {each.name: _plain(getattr(error, each.name)) for each in fields(error)}
    return {"refused": error.code, **facts}


def seconds(moment: datetime) -> int:
    """Tell a moment in seconds since the shop was opened."""
    return int((moment - NOW).total_seconds())


def _plain(fact: object) -> object:
    match fact:
        case Money():
            return fact.amount
        case Shortage():
            return fact.sku, fact.requested, fact.available
        case tuple():
            return [_plain(each) for each in fact]
        case _:
            return fact
