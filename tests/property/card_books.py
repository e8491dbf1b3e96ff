"""What the model knows of cards: not how a gateway works, but what its words must lead to."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from tests.property import deeds
from tests.property.books import (
    HOLD_SECONDS,
    Books,
    Bought,
    Charge,
    Outcome,
    Refused,
    Visit,
    require,
    require_quantity,
)
from tests.property.sightings import APPROVED, DECLINED, Sighting, Subject

LATE = "late"
NOTHING_SEEN = Sighting({}, (), (), 0)


class CardBooks(Books, ABC):
    """Books in which a card's charge ends as soon as anybody hears of it, and only once."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = NOTHING_SEEN
        """What was seen of the deed that is done now."""

    @abstractmethod
    def do(self, token: int | None, deed: deeds.Deed, seen: Sighting) -> Outcome:
        """Do a deed; tell what comes of it."""

    def order(self, deed: deeds.Order, token: int | None) -> Outcome:
        lines: dict[str, int] = {}
        for sku, quantity in deed.lines or ():
            require_quantity(quantity)
            lines[sku] = lines.get(sku, 0) + quantity
        user, visit = self.signed_in(token)
        for quantity in lines.values():
            require_quantity(quantity)

        def decide() -> Outcome:
            wanted = dict(visit.cart) if deed.lines is None else lines
            prices = self.prices_of(wanted)
            total = sum(prices[sku] * quantity for sku, quantity in wanted.items())
            if deed.expected not in {None, total}:
                raise Refused("price-changed", expected=deed.expected, total=total)
            self.require_goods(wanted)
            if deed.card is None:
                self.require_money(user, total)
            order = Bought(
                user=user,
                key=deed.key,
                amount=total,
                payment="pending" if deed.card else "captured",
                expires=self.now + HOLD_SECONDS,
                lines=wanted,
                status="pending" if deed.card else "paid",
                visit=visit,
                empties_cart=deed.lines is None,
                by_card=deed.card is not None,
            )
            self.orders.append(order)
            if deed.card is None:
                self.move("charge", total, by=user)
                self._take(order, on_hand=-1)
                self._track(len(self.orders) - 1, order)
            else:
                self._take(order, reserved=1)
            return {
                "order": len(self.orders) - 1,
                "lines": [(sku, quantity, prices[sku]) for sku, quantity in wanted.items()],
                "total": total,
                "status": order.status,
                "payment": order.payment,
                "placed": self.now,
            }

        card = deed.card and deed.card.token
        outcome = self.once(user, deed, (deed.lines, deed.expected, card), decide)
        if "refused" in outcome:
            return outcome
        if deed.card and outcome["status"] == "pending":
            return self._pay(outcome, deed.card, token)
        return {**outcome, "issued": None if "replayed" in outcome else self.keep(token, visit)}

    def deposit(self, deed: deeds.Deposit, token: int | None) -> Outcome:
        user, _ = self.signed_in(token)
        require("amount", deed.amount > 0, "an amount to move is positive")

        def decide() -> Outcome:
            self.require_room(user, deed.amount)
            expires = self.now + HOLD_SECONDS
            self.deposits.append(Charge(user, deed.key, deed.amount, "pending", expires))
            return {
                "deposit": len(self.deposits) - 1,
                "amount": deed.amount,
                "status": "pending",
                "at": self.now,
            }

        outcome = self.once(user, deed, (deed.amount, deed.card.token), decide)
        if outcome.get("status") != "pending":
            return outcome
        self._wait(deed.card.meanwhile, token)
        subject = ("deposit", _number(outcome["deposit"]))
        if self.seen.verdict(subject) is None:
            return outcome
        self._hear(subject)
        self.signed_in(token)
        return self.keys[user, deed.key].outcome

    def cancel(self, number: int, order: Bought) -> Outcome:
        if order.status == "pending":
            self._take(order, reserved=-1)
            self.conclude(order, {"refused": "payment-cancelled"})
        else:
            if not order.by_card:
                self.require_room(order.user, order.amount)
                self.move("refund", order.amount, to=order.user)
            self._take(order, on_hand=1)
        order.payment = "refunded" if order.payment == "captured" else "voided"
        self._step(order, "cancelled")
        return {
            "order": number,
            "status": "cancelled",
            "payment": order.payment,
            "version": order.version,
        }

    def notify(self, deed: deeds.Notify) -> Outcome:
        if self.outage:
            return {"silent": True}
        if deed.notice not in self.notices and deed.order < len(self.orders):
            self._hear(("order", deed.order))
        self.notices.add(deed.notice)
        return {}

    def work(self, meanwhile: Sequence[deeds.Deed], token: int | None) -> Outcome:
        for subject in self.seen.subjects:
            if subject == self.seen.first_asked:
                self._wait(meanwhile, token)
            charge = self._charge(subject)
            self._hear(subject)
            if charge.payment == "pending" and self.seen.was_inspected(
                subject, since=charge.expires
            ):
                self._end(subject, LATE)
            elif charge.payment == "authorised" and self.seen.is_captured(subject):
                charge.payment = "captured"
        return {}

    def _pay(self, pending: Outcome, card: deeds.Card, token: int | None) -> Outcome:
        number = _number(pending["order"])
        order = self.orders[number]
        self._wait(card.meanwhile, token)
        if self.seen.verdict(("order", number)) is None:
            return {**pending, "issued": None}
        if order.status == "pending":
            outcome = self._hear(("order", number))
            visit = None if token is None else self.visits.get(token)
            if order.status == "paid" and visit is order.visit and not self.is_over(visit):
                visit.seen = self.now
        else:
            self.signed_in(token)
            outcome = {**self.keys[order.user, order.key].outcome, "replayed": True}
        return outcome if "refused" in outcome else {**outcome, "issued": None}

    def _wait(self, meanwhile: Sequence[deeds.Deed], token: int | None) -> None:
        """Let happen what happens while the gateway is asked."""
        for deed, seen in zip(meanwhile, self.seen.meanwhile, strict=False):
            assert seen.outcome == self.do(token, deed, seen)
        self.now = self.seen.now

    def _hear(self, subject: Subject) -> Outcome:
        """End a charge that is pending as the gateway was heard to say, if it was."""
        verdict = self.seen.verdict(subject)
        if verdict is None or self._charge(subject).payment != "pending":
            return {}
        return self._end(subject, verdict.what, verdict.reason)

    def _end(self, subject: Subject, ending: str, reason: str = "") -> Outcome:
        kind, number = subject
        refusal: Outcome = {"refused": "payment-expired"}
        if ending == DECLINED:
            refusal = {"refused": "card-declined", "reason": reason}
        if kind == "deposit":
            return self._end_deposit(number, ending, refusal)
        return self._end_order(number, ending, refusal)

    def _end_order(self, number: int, ending: str, refusal: Outcome) -> Outcome:
        order = self.orders[number]
        if ending == APPROVED:
            order.payment = "authorised"
            self._step(order, "paid")
            self._take(order, on_hand=-1, reserved=-1)
            self._track(number, order)
            waiting = self.keys[order.user, order.key].outcome
            return self.conclude(order, {**waiting, "status": "paid", "payment": "authorised"})
        order.payment = "declined" if ending == DECLINED else "voided"
        self._step(order, "declined" if ending == DECLINED else "expired")
        self._take(order, reserved=-1)
        return self.conclude(order, refusal)

    def _end_deposit(self, number: int, ending: str, refusal: Outcome) -> Outcome:
        deposit = self.deposits[number]
        deposit.payment = {APPROVED: "authorised", DECLINED: "declined", LATE: "voided"}[ending]
        if ending != APPROVED:
            return self.conclude(deposit, refusal)
        try:
            self.require_room(deposit.user, deposit.amount)
        except Refused as refused:
            deposit.payment = "voided"
            return self.conclude(deposit, refused.outcome)
        self.move("deposit", deposit.amount, to=deposit.user)
        waiting = self.keys[deposit.user, deposit.key].outcome
        return self.conclude(deposit, {**waiting, "status": "authorised"})

    def _track(self, number: int, order: Bought) -> None:
        visit = order.visit
        if visit.user != order.user or not self._is_kept(visit):
            return
        visit.order = number
        if order.empties_cart:
            left = {sku: each - order.lines.get(sku, 0) for sku, each in visit.cart.items()}
            visit.cart = {sku: each for sku, each in left.items() if each > 0}

    def _is_kept(self, visit: Visit) -> bool:
        return any(each is visit for each in self.visits.values())

    def _take(self, order: Bought, *, on_hand: int = 0, reserved: int = 0) -> None:
        for sku, quantity in order.lines.items():
            self.wares[sku].on_hand += on_hand * quantity
            self.wares[sku].reserved += reserved * quantity

    def _step(self, order: Bought, status: str) -> None:
        order.status = status
        order.version += 1

    def _charge(self, subject: Subject) -> Charge:
        kind, number = subject
        return self.orders[number] if kind == "order" else self.deposits[number]


def _number(number: object) -> int:
    assert isinstance(number, int)
    return number
