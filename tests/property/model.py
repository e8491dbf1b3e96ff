"""The shop as plain arithmetic: what a deed must lead to, whatever the shop does to get there.

It shares no code with the shop: dictionaries, integers, and the rules once more in other words.
"""

from functools import singledispatchmethod

from tests.property import deeds
from tests.property.books import (
    MOST_GOODS,
    REFUSALS_KEPT_SECONDS,
    TOUCH_SECONDS,
    WELCOME,
    Outcome,
    Person,
    Refused,
    Visit,
    Ware,
    require,
    require_quantity,
    visible,
)
from tests.property.card_books import CardBooks
from tests.property.deeds import Deed, Line
from tests.property.sightings import Sighting


class Model(CardBooks):
    """A shop in which nothing can go wrong."""

    def do(self, token: int | None, deed: Deed, seen: Sighting) -> Outcome:
        """Do it; tell what comes of it where the gateway has said what was heard, or why not."""
        outer, self.seen = self.seen, seen
        try:
            return self._do(deed, token)
        except Refused as refusal:
            return refusal.outcome
        finally:
            self.seen, self.now = outer, seen.now

    def total(self, token: int | None, lines: tuple[Line, ...] | None) -> int:
        """Return what these lines, or the cart, would cost now; what is not sold costs nothing."""
        visit = None if token is None else self.visits.get(token)
        wanted = lines or (tuple(visit.cart.items()) if visit and lines is None else ())
        return sum(self.wares[sku].price * each for sku, each in wanted if sku in self.wares)

    @singledispatchmethod
    def _do(self, deed: Deed, token: int | None) -> Outcome:
        raise NotImplementedError(deed)

    @_do.register
    def _sign_up(self, deed: deeds.SignUp, token: int | None) -> Outcome:
        require("password", 8 <= len(deed.password) <= 128, "it has 8 to 128 characters")
        email = deed.email.strip().lower()
        require("email", "@" in email, "an e-mail address looks like name@example.com")
        if email in self.people:
            raise Refused("email-taken")
        self.people[email] = Person(password=deed.password)
        self.move("welcome", WELCOME, to=email)
        return {"balance": WELCOME, **self.sign_in(token, email)}

    @_do.register
    def _sign_in(self, deed: deeds.SignIn, token: int | None) -> Outcome:
        email = deed.email.strip().lower()
        if email not in self.people or self.people[email].password != deed.password:
            raise Refused("wrong-credentials")
        return self.sign_in(token, email)

    @_do.register
    def _sign_out(self, _: deeds.SignOut, token: int | None) -> Outcome:
        if token is not None:
            self.visits.pop(token, None)
        return {}

    @_do.register
    def _enter(self, _: deeds.Enter, token: int | None) -> Outcome:
        visit = self.anyone(token)
        if visit is None or token is None:
            return {"visit": None}
        if self.now - visit.seen >= TOUCH_SECONDS:
            visit.seen = self.now
        issued = self.renew(token, visit)
        return {"visit": visible(visit), "issued": issued}

    @_do.register
    def _put_into_cart(self, deed: deeds.PutIntoCart, token: int | None) -> Outcome:
        require_quantity(deed.quantity)
        visit = self.anyone(token)
        if deed.sku not in self.wares or not self.wares[deed.sku].active:
            raise Refused("product-not-found", sku=deed.sku)
        if visit is None:
            visit, token = Visit(created=self.now, seen=self.now), None
        return self.with_cart(token, visit, {**visit.cart, deed.sku: deed.quantity})

    @_do.register
    def _take_out_of_cart(self, deed: deeds.TakeOutOfCart, token: int | None) -> Outcome:
        visit = self.anyone(token)
        cart = dict(visit.cart) if visit else {}
        cart.pop(deed.sku, None)
        return self.with_cart(token, visit, cart)

    @_do.register
    def _clear_cart(self, _: deeds.ClearCart, token: int | None) -> Outcome:
        return self.with_cart(token, self.anyone(token), {})

    @_do.register
    def _order(self, deed: deeds.Order, token: int | None) -> Outcome:
        return self.order(deed, token)

    @_do.register
    def _deposit(self, deed: deeds.Deposit, token: int | None) -> Outcome:
        return self.deposit(deed, token)

    @_do.register
    def _pass(self, deed: deeds.Pass, token: int | None) -> Outcome:
        user, _ = self.signed_in(token)
        require("amount", deed.amount > 0, "an amount to move is positive")
        require("note", len(deed.note) <= 200, "it has 0 to 200 characters")
        to = deed.to.strip().lower()
        require("to", "@" in to, "an e-mail address looks like name@example.com")
        require("to", to != user, "money goes to somebody else")

        def decide() -> Outcome:
            if to not in self.people:
                raise Refused("recipient-not-found", email=deed.to)
            self.require_money(user, deed.amount)
            self.require_room(to, deed.amount)
            return self.move("transfer", deed.amount, by=user, to=to, note=deed.note)

        return self.once(user, deed, (to, deed.amount, deed.note), decide)

    @_do.register
    def _credit(self, deed: deeds.Credit, token: int | None) -> Outcome:
        user = self.admin(token)
        require("amount", deed.amount > 0, "an amount to move is positive")
        require("reason", 1 <= len(deed.reason) <= 200, "it has 1 to 200 characters")

        def decide() -> Outcome:
            if deed.email not in self.people:
                raise Refused("account-not-found")
            self.require_room(deed.email, deed.amount)
            return self.move("credit", deed.amount, to=deed.email, note=deed.reason)

        # What is sent names an account, which nobody has before signing up.
        account = deed.email if deed.email in self.people else None
        return self.once(user, deed, (account, deed.amount, deed.reason), decide)

    @_do.register
    def _cancel(self, deed: deeds.Cancel, token: int | None) -> Outcome:
        user, _ = self.signed_in(token)
        order = self.orders[deed.order] if deed.order < len(self.orders) else None
        if order is None or not (order.user == user or self.people[user].admin):
            raise Refused("order-not-found")
        if order.status not in {"paid", "pending"}:
            raise Refused("illegal-transition", current=order.status, target="cancelled")
        return self.cancel(deed.order, order)

    @_do.register
    def _notify(self, deed: deeds.Notify, _: int | None) -> Outcome:
        return self.notify(deed)

    @_do.register
    def _outage(self, deed: deeds.Outage, _: int | None) -> Outcome:
        self.outage = deed.begins
        return {}

    @_do.register
    def _work(self, deed: deeds.Work, token: int | None) -> Outcome:
        return self.work(deed.meanwhile, token)

    @_do.register
    def _wake_up(self, _: deeds.WakeUp, __: int | None) -> Outcome:
        return self.work((), None)

    @_do.register(deeds.Elapse)
    @_do.register(deeds.Authenticate)
    @_do.register(deeds.FallAsleep)
    def _nothing(self, _: deeds.Deed, __: int | None) -> Outcome:
        return {}

    @_do.register
    def _put_product(self, deed: deeds.PutProduct, token: int | None) -> Outcome:
        self.admin(token)
        require("price", 0 < deed.price <= 10**9, "a price has 1 to 1000000000 minor units")
        is_new = deed.sku not in self.wares
        ware = self.wares.setdefault(deed.sku, Ware(deed.price, deed.active))
        ware.price, ware.active = deed.price, deed.active
        return {"price": ware.price, "available": ware.available, "is_new": is_new}

    @_do.register
    def _count(self, deed: deeds.Count, token: int | None) -> Outcome:
        require("delta", deed.delta != 0, "it is not 0")
        require("reason", 1 <= len(deed.reason) <= 200, "it has 1 to 200 characters")
        self.admin(token)
        if deed.sku not in self.wares:
            raise Refused("product-not-found", sku=deed.sku)
        ware = self.wares[deed.sku]
        require("delta", ware.on_hand + deed.delta <= MOST_GOODS, "at most 1000000000 are on hand")
        facts = {"on_hand": ware.on_hand, "reserved": ware.reserved}
        if ware.available + deed.delta < 0:
            raise Refused("stock-below-reserved", sku=deed.sku, **facts)
        ware.on_hand += deed.delta
        return {**facts, "on_hand": ware.on_hand}

    @_do.register
    def _promote(self, deed: deeds.Promote, _: int | None) -> Outcome:
        if deed.email not in self.people:
            raise Refused("user-not-found")
        self.people[deed.email].admin = True
        return {"user": deed.email, "admin": True}

    @_do.register
    def _sweep(self, _: deeds.Sweep, __: int | None) -> Outcome:
        expired = [token for token, visit in self.visits.items() if self.is_over(visit)]
        for token in expired:
            del self.visits[token]
        return {"swept": len(expired)}

    @_do.register
    def _sweep_keys(self, _: deeds.SweepKeys, __: int | None) -> Outcome:
        begun = {(each.user, each.key) for each in (*self.orders, *self.deposits)}
        old = [
            key
            for key, asked in self.keys.items()
            if "refused" in asked.outcome
            and self.now - asked.at > REFUSALS_KEPT_SECONDS
            and key not in begun
        ]
        for key in old:
            del self.keys[key]
        return {"swept": len(old)}
