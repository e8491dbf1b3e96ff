"""The shop as plain arithmetic: what an action must lead to.

It shares no code with the shop: it has dictionaries, integers, and the rules in other words.
"""

from collections import Counter
from functools import singledispatchmethod

from tests.property import actions
from tests.property.actions import Action, Line
from tests.property.model.cards import CardModelState
from tests.property.model.promotions import ModelPromotion
from tests.property.model.rejection import Outcome, Rejection, require, require_quantity
from tests.property.model.state import (
    LAST_SEEN_INTERVAL_SECONDS,
    MAX_STOCK,
    REJECTION_RETENTION_SECONDS,
    WELCOME_CREDIT,
    ModelProduct,
    ModelSession,
    ModelUser,
    session_outcome,
)
from tests.property.observations import Observation


class Model(CardModelState):
    """A shop in which nothing can go wrong."""

    def execute(self, token: int | None, action: Action, seen: Observation) -> Outcome:
        """Execute an action; return its outcome, given the observed responses of the gateway."""
        outer, self.observation = self.observation, seen
        try:
            return self._execute(action, token)
        except Rejection as rejection:
            return rejection.outcome
        finally:
            self.observation, self.now = outer, seen.now

    def total(
        self, token: int | None, lines: tuple[Line, ...] | None, codes: tuple[str, ...]
    ) -> int:
        """Return what these lines, or the cart, would cost now; what is not sold costs nothing."""
        session = None if token is None else self.sessions.get(token)
        wanted = lines or (
            tuple(self.cart_of(session).items()) if session and lines is None else ()
        )
        quantities = Counter[str]()
        for sku, each in wanted:
            quantities[sku] += each if sku in self.products else 0
        user = session.user if session else None
        return self.total_of(user, +quantities, codes)

    @singledispatchmethod
    def _execute(self, action: Action, token: int | None) -> Outcome:
        raise NotImplementedError(action)

    @_execute.register
    def _sign_up(self, action: actions.SignUp, token: int | None) -> Outcome:
        email = action.email.strip().lower()
        require("email", "@" in email, "must be an e-mail address such as name@example.com")
        require("password", 8 <= len(action.password) <= 128, "must be 8 to 128 characters")
        if email in self.users:
            raise Rejection("email-taken")
        self.users[email] = ModelUser(password=action.password)
        self.move("welcome", WELCOME_CREDIT, to=email)
        return {"balance": WELCOME_CREDIT, **self.sign_in(token, email)}

    @_execute.register
    def _sign_in(self, action: actions.SignIn, token: int | None) -> Outcome:
        email = action.email.strip().lower()
        if email not in self.users or self.users[email].password != action.password:
            raise Rejection("wrong-credentials")
        return self.sign_in(token, email)

    @_execute.register
    def _sign_out(self, _: actions.SignOut, token: int | None) -> Outcome:
        if token is not None:
            self.sessions.pop(token, None)
        return {}

    @_execute.register
    def _resolve_session(self, _: actions.ResolveSession, token: int | None) -> Outcome:
        session = self.find_session(token)
        if session is None or token is None:
            return {"session": None}
        if self.now - session.last_seen >= LAST_SEEN_INTERVAL_SECONDS:
            session.last_seen = self.now
        issued = self.refresh_session(token, session)
        return {"session": session_outcome(session), "issued": issued}

    @_execute.register
    def _put_into_cart(self, action: actions.PutIntoCart, token: int | None) -> Outcome:
        require_quantity(action.quantity)
        session = self.find_session(token)
        if action.sku not in self.products or not self.products[action.sku].active:
            raise Rejection("product-not-found", sku=action.sku)
        if session is None:
            session, token = ModelSession(created=self.now, last_seen=self.now), None
        return self.with_cart(
            token, session, {**self.cart_of(session), action.sku: action.quantity}
        )

    @_execute.register
    def _remove_from_cart(self, action: actions.RemoveFromCart, token: int | None) -> Outcome:
        session = self.find_session(token)
        cart = dict(self.cart_of(session)) if session else {}
        cart.pop(action.sku, None)
        return self.with_cart(token, session, cart)

    @_execute.register
    def _clear_cart(self, _: actions.ClearCart, token: int | None) -> Outcome:
        return self.with_cart(token, self.find_session(token), {})

    @_execute.register
    def _place_order(self, action: actions.Order, token: int | None) -> Outcome:
        return self.place_order(action, token)

    @_execute.register
    def _make_deposit(self, action: actions.Deposit, token: int | None) -> Outcome:
        return self.deposit(action, token)

    @_execute.register
    def _transfer(self, action: actions.Transfer, token: int | None) -> Outcome:
        user, _ = self.require_signed_in(token)
        require("amount", action.amount > 0, "must be positive")
        require("note", len(action.note) <= 200, "must be 0 to 200 characters")
        to = action.to.strip().lower()
        require("to", "@" in to, "must be an e-mail address such as name@example.com")
        require("to", to != user, "must be another customer")

        def decide() -> Outcome:
            if to not in self.users:
                raise Rejection("recipient-not-found", email=action.to)
            self.require_money(user, action.amount)
            self.require_below_max_balance(to, action.amount)
            return self.move("transfer", action.amount, by=user, to=to, note=action.note)

        return self.once_per_key(user, action, (to, action.amount, action.note), decide)

    @_execute.register
    def _credit(self, action: actions.Credit, token: int | None) -> Outcome:
        user = self.require_admin(token)
        require("amount", action.amount > 0, "must be positive")
        require("reason", 1 <= len(action.reason) <= 200, "must be 1 to 200 characters")

        def decide() -> Outcome:
            if action.email not in self.users:
                raise Rejection("account-not-found")
            self.require_below_max_balance(action.email, action.amount)
            return self.move("credit", action.amount, to=action.email, note=action.reason)

        # A credit names an account, which a user has only after signing up.
        account = action.email if action.email in self.users else None
        return self.once_per_key(user, action, (account, action.amount, action.reason), decide)

    @_execute.register
    def _cancel_order(self, action: actions.Cancel, token: int | None) -> Outcome:
        user, _ = self.require_signed_in(token)
        order = self.orders[action.order] if action.order < len(self.orders) else None
        if order is None or not (order.user == user or self.users[user].admin):
            raise Rejection("order-not-found")
        if order.status not in {"paid", "pending"}:
            raise Rejection("illegal-transition", current=order.status, target="cancelled")
        return self.cancel_order(action.order, order)

    @_execute.register
    def _deliver_gateway_event(self, action: actions.DeliverGatewayEvent, _: int | None) -> Outcome:
        return self.deliver_gateway_event(action)

    @_execute.register
    def _run_jobs(self, action: actions.RunJobs, token: int | None) -> Outcome:
        return self.run_jobs(action.meanwhile, token)

    @_execute.register
    def _worker_resumes(self, _: actions.WorkerResumes, __: int | None) -> Outcome:
        return self.run_jobs((), None)

    @_execute.register(actions.AdvanceClock)
    @_execute.register(actions.Authenticate)
    @_execute.register(actions.GatewayOutage)
    @_execute.register(actions.WorkerStalls)
    def _no_effect(self, _: actions.Action, __: int | None) -> Outcome:
        return {}

    @_execute.register
    def _put_product(self, action: actions.PutProduct, token: int | None) -> Outcome:
        self.require_admin(token)
        require("price", 0 < action.price <= 10**9, "must be 1 to 1000000000 minor units")
        is_new = action.sku not in self.products
        product = self.products.setdefault(action.sku, ModelProduct(action.price, action.active))
        product.price, product.active = action.price, action.active
        return {"price": product.price, "available": product.available, "is_new": is_new}

    @_execute.register
    def _adjust_stock(self, action: actions.AdjustStock, token: int | None) -> Outcome:
        require("delta", action.delta != 0, "must not be 0")
        require("reason", 1 <= len(action.reason) <= 200, "must be 1 to 200 characters")
        self.require_admin(token)
        if action.sku not in self.products:
            raise Rejection("product-not-found", sku=action.sku)
        product = self.products[action.sku]
        require(
            "delta",
            product.on_hand + action.delta <= MAX_STOCK,
            "must leave at most 1000000000 on hand",
        )
        quantities = {"on_hand": product.on_hand, "reserved": product.reserved}
        if product.available + action.delta < 0:
            raise Rejection("stock-below-reserved", sku=action.sku, **quantities)
        product.on_hand += action.delta
        return {**quantities, "on_hand": product.on_hand}

    @_execute.register
    def _put_promotion(self, action: actions.PutPromotion, token: int | None) -> Outcome:
        self.require_admin(token)
        used = self.uses()[action.slug]
        fits = action.limit is None or action.limit >= used
        require("limit", fits, f"must be at least {used}, which are used")
        for other in self.promotions.values():
            taken = action.code is not None and other.code == action.code
            rule = f"must be another one; the promotion {other.slug} has {other.code}"
            require("code", not taken or other.slug == action.slug, rule)
        is_new = action.slug not in self.promotions
        self.promotions[action.slug] = ModelPromotion(
            slug=action.slug,
            code=action.code,
            thousandths=action.thousandths,
            limit=action.limit,
            limit_per_customer=action.limit_per_customer,
            first_order=action.first_order,
            combinable=action.combinable,
            active=action.active,
            ends=None if action.seconds is None else self.now + action.seconds,
        )
        return {"used": used, "is_new": is_new}

    @_execute.register
    def _end_promotion(self, action: actions.EndPromotion, token: int | None) -> Outcome:
        self.require_admin(token)
        if action.slug not in self.promotions:
            raise Rejection("promotion-not-found", slug=action.slug)
        del self.promotions[action.slug]
        return {}

    @_execute.register
    def _grant_role(self, action: actions.GrantRole, _: int | None) -> Outcome:
        if action.email not in self.users:
            raise Rejection("user-not-found")
        self.users[action.email].admin = True
        return {"user": action.email, "admin": True}

    @_execute.register
    def _purge_sessions(self, _: actions.PurgeSessions, __: int | None) -> Outcome:
        expired = [token for token, session in self.sessions.items() if self.is_expired(session)]
        for token in expired:
            del self.sessions[token]
        return {"purged": len(expired)}

    @_execute.register
    def _purge_keys(self, _: actions.PurgeKeys, __: int | None) -> Outcome:
        pending_or_made = {(each.user, each.key) for each in (*self.orders, *self.deposits)}
        old = [
            key
            for key, stored in self.keys.items()
            if "rejected" in stored.outcome
            and self.now - stored.at > REJECTION_RETENTION_SECONDS
            and key not in pending_or_made
        ]
        for key in old:
            del self.keys[key]
        return {"purged": len(old)}
