"""What the model knows of cards: not how a gateway works, but what its words must lead to."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from tests.property import actions
from tests.property.model.rejection import Outcome, Rejection, require, require_quantity
from tests.property.model.state import (
    PENDING_PAYMENT_SECONDS,
    ModelCharge,
    ModelOrder,
    ModelSession,
    ModelState,
    discounts_outcome,
)
from tests.property.observations import APPROVED, DECLINED, Observation, Subject

LATE = "late"
NO_OBSERVATION = Observation({}, (), (), 0)


class CardModelState(ModelState, ABC):
    """A model in which a card payment is completed by the first response, and only once."""

    def __init__(self) -> None:
        super().__init__()
        self.observation = NO_OBSERVATION
        """The observation of the current action."""

    @abstractmethod
    def execute(self, token: int | None, action: actions.Action, seen: Observation) -> Outcome:
        """Execute an action; return its outcome."""

    def place_order(self, action: actions.Order, token: int | None) -> Outcome:
        lines: dict[str, int] = {}
        for sku, quantity in action.lines or ():
            require_quantity(quantity)
            lines[sku] = lines.get(sku, 0) + quantity
        user, session = self.require_signed_in(token)
        for quantity in lines.values():
            require_quantity(quantity)

        def decide() -> Outcome:
            quantities = dict(self.cart_of(session)) if action.lines is None else lines
            prices = self.prices_of(quantities)
            self.require_codes(user, action.codes)
            discounts = self.discounts(user, quantities, action.codes)
            subtotal = sum(prices[sku] * quantity for sku, quantity in quantities.items())
            discount = sum(each.amount for each in discounts)
            total = subtotal - discount
            if action.expected not in {None, total}:
                totals = {
                    "subtotal": subtotal,
                    "discount": discount,
                    **dict.fromkeys(("shipping", "tax"), 0),
                    "total": total,
                    "prices_include_tax": True,
                }
                raise Rejection(
                    "price-changed", expected=action.expected, total=total, totals=totals
                )
            self.require_stock(quantities)
            # What costs nothing is paid at once, whatever would have paid.
            by_card = action.card is not None and total > 0
            if not by_card:
                self.require_money(user, total)
            order = ModelOrder(
                user=user,
                key=action.key,
                amount=total,
                payment="pending" if by_card else "captured",
                expires=self.now + PENDING_PAYMENT_SECONDS,
                lines=quantities,
                status="pending" if by_card else "paid",
                session=session,
                clears_cart=action.lines is None,
                by_card=by_card,
                discounts=discounts,
            )
            self.orders.append(order)
            if not by_card:
                self._move_payment("charge", total, by=user)
                self._move_stock(order, on_hand=-1)
                self._remember_last_order(len(self.orders) - 1, order)
            else:
                self._move_stock(order, reserved=1)
            return {
                "order": len(self.orders) - 1,
                "lines": [(sku, quantity, prices[sku]) for sku, quantity in quantities.items()],
                "discounts": discounts_outcome(discounts),
                "total": total,
                "status": order.status,
                "payment": order.payment,
                "placed": self.now,
            }

        card = action.card and action.card.token
        body = (action.lines, action.expected, card, action.codes)
        outcome = self.once_per_key(user, action, body, decide)
        if "rejected" in outcome:
            return outcome
        if action.card and outcome["status"] == "pending":
            return self._pay_by_card(outcome, action.card, token)
        return {
            **outcome,
            "issued": None if "replayed" in outcome else self.save_session(token, session),
        }

    def deposit(self, action: actions.Deposit, token: int | None) -> Outcome:
        user, _ = self.require_signed_in(token)
        require("amount", action.amount > 0, "must be positive")

        def decide() -> Outcome:
            self.require_below_max_balance(user, action.amount)
            expires = self.now + PENDING_PAYMENT_SECONDS
            self.deposits.append(ModelCharge(user, action.key, action.amount, "pending", expires))
            return {
                "deposit": len(self.deposits) - 1,
                "amount": action.amount,
                "status": "pending",
                "at": self.now,
            }

        outcome = self.once_per_key(user, action, (action.amount, action.card.token), decide)
        if outcome.get("status") != "pending":
            return outcome
        self._run_meanwhile(action.card.meanwhile, token)
        subject = ("deposit", _number(outcome["deposit"]))
        if self.observation.decision(subject) is None:
            return outcome
        self._apply_decision(subject)
        self.require_signed_in(token)
        return self.keys[user, action.key].outcome

    def cancel_order(self, number: int, order: ModelOrder) -> Outcome:
        if order.status == "pending":
            self._move_stock(order, reserved=-1)
            self.complete_key(order, {"rejected": "payment-cancelled"})
        else:
            if not order.by_card:
                self.require_below_max_balance(order.user, order.amount)
                self._move_payment("refund", order.amount, to=order.user)
            self._move_stock(order, on_hand=1)
        order.payment = "refunded" if order.payment == "captured" else "voided"
        self._set_status(order, "cancelled")
        return {
            "order": number,
            "status": "cancelled",
            "payment": order.payment,
            "version": order.version,
        }

    def deliver_gateway_event(self, action: actions.DeliverGatewayEvent) -> Outcome:
        """Expect one job for each event, also while the gateway is silent."""
        is_new = action.event_id not in self.gateway_events
        self.gateway_events.add(action.event_id)
        return {"new_jobs": int(is_new)}

    def run_jobs(self, meanwhile: Sequence[actions.Action], token: int | None) -> Outcome:
        for subject in self.observation.subjects:
            if subject == self.observation.first_requested:
                self._run_meanwhile(meanwhile, token)
            charge = self._charge(subject)
            self._apply_decision(subject)
            if charge.payment == "pending" and self.observation.was_looked_up(
                subject, since=charge.expires
            ):
                self._complete(subject, LATE)
            elif charge.payment == "authorised" and self.observation.is_captured(subject):
                charge.payment = "captured"
        return {}

    def _pay_by_card(self, pending: Outcome, card: actions.Card, token: int | None) -> Outcome:
        number = _number(pending["order"])
        order = self.orders[number]
        self._run_meanwhile(card.meanwhile, token)
        if self.observation.decision(("order", number)) is None:
            return {**pending, "issued": None}
        if order.status == "pending":
            outcome = self._apply_decision(("order", number))
            session = None if token is None else self.sessions.get(token)
            if order.status == "paid" and session is order.session and not self.is_expired(session):
                session.last_seen = self.now
        else:
            self.require_signed_in(token)
            outcome = self.keys[order.user, order.key].outcome
        return outcome if "rejected" in outcome else {**outcome, "issued": None}

    def _run_meanwhile(self, meanwhile: Sequence[actions.Action], token: int | None) -> None:
        """Let happen what happens while the gateway is asked."""
        for action, observation in zip(meanwhile, self.observation.meanwhile, strict=False):
            assert observation.outcome == self.execute(token, action, observation)
        self.now = self.observation.now

    def _apply_decision(self, subject: Subject) -> Outcome:
        """Complete a pending payment by the gateway's response, if there was one."""
        decision = self.observation.decision(subject)
        if decision is None or self._charge(subject).payment != "pending":
            return {}
        return self._complete(subject, decision.kind, decision.reason)

    def _complete(self, subject: Subject, result: str, reason: str = "") -> Outcome:
        kind, number = subject
        rejection: Outcome = {"rejected": "payment-expired"}
        if result == DECLINED:
            rejection = {"rejected": "card-declined", "reason": reason}
        if kind == "deposit":
            return self._complete_deposit(number, result, rejection)
        return self._complete_order(number, result, rejection)

    def _complete_order(self, number: int, result: str, rejection: Outcome) -> Outcome:
        order = self.orders[number]
        if result == APPROVED:
            order.payment = "authorised"
            self._set_status(order, "paid")
            self._move_stock(order, on_hand=-1, reserved=-1)
            self._remember_last_order(number, order)
            pending = self.keys[order.user, order.key].outcome
            return self.complete_key(order, {**pending, "status": "paid", "payment": "authorised"})
        order.payment = "declined" if result == DECLINED else "voided"
        self._set_status(order, "declined" if result == DECLINED else "expired")
        self._move_stock(order, reserved=-1)
        return self.complete_key(order, rejection)

    def _complete_deposit(self, number: int, result: str, rejection: Outcome) -> Outcome:
        deposit = self.deposits[number]
        deposit.payment = {APPROVED: "authorised", DECLINED: "declined", LATE: "voided"}[result]
        if result != APPROVED:
            return self.complete_key(deposit, rejection)
        try:
            self.require_below_max_balance(deposit.user, deposit.amount)
        except Rejection as error:
            deposit.payment = "voided"
            return self.complete_key(deposit, error.outcome)
        self.move("deposit", deposit.amount, to=deposit.user)
        pending = self.keys[deposit.user, deposit.key].outcome
        return self.complete_key(deposit, {**pending, "status": "authorised"})

    def _remember_last_order(self, number: int, order: ModelOrder) -> None:
        if order.clears_cart:
            user = self.users[order.user]
            remaining = {sku: each - order.lines.get(sku, 0) for sku, each in user.cart.items()}
            user.cart = {sku: each for sku, each in remaining.items() if each > 0}
        session = order.session
        if session.user == order.user and self._is_stored(session):
            session.last_order = number

    def _is_stored(self, session: ModelSession) -> bool:
        return any(each is session for each in self.sessions.values())

    def _move_stock(self, order: ModelOrder, *, on_hand: int = 0, reserved: int = 0) -> None:
        for sku, quantity in order.lines.items():
            self.products[sku].on_hand += on_hand * quantity
            self.products[sku].reserved += reserved * quantity

    def _move_payment(self, kind: str, amount: int, *, by: str = "", to: str = "") -> None:
        if amount:
            self.move(kind, amount, by=by, to=to)

    def _set_status(self, order: ModelOrder, status: str) -> None:
        order.status = status
        order.version += 1

    def _charge(self, subject: Subject) -> ModelCharge:
        kind, number = subject
        return self.orders[number] if kind == "order" else self.deposits[number]


def _number(number: object) -> int:
    assert isinstance(number, int)
    return number
