"""What the model of a shop remembers: dictionaries and integers, and the simplest rules on them."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tests.property.actions import KeyedAction
from tests.property.model.promotions import (
    ModelBuyer,
    ModelDiscount,
    ModelPromotion,
    best_discounts,
    code_problems,
)
from tests.property.model.rejection import Outcome, Rejection

WELCOME_CREDIT = 1_000
IDLE_SECONDS, ABSOLUTE_SECONDS, LAST_SEEN_INTERVAL_SECONDS = 1_800, 7_200, 60
REJECTION_RETENTION_SECONDS = 7 * 86_400
MAX_BALANCE, MAX_STOCK = 10**15, 10**9
PENDING_PAYMENT_SECONDS, IDEMPOTENCY_SECONDS = 900, 600


@dataclass
class ModelUser:
    password: str
    balance: int = 0
    admin: bool = False
    cart: dict[str, int] = field(default_factory=dict)
    """Of all sessions."""
    ledger: list[tuple[str, int]] = field(default_factory=list)
    """The kinds and amounts of what came (positive) and went."""


@dataclass
class ModelProduct:
    price: int
    active: bool
    on_hand: int = 0
    reserved: int = 0

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved


@dataclass
class ModelSession:
    created: int
    last_seen: int
    user: str | None = None
    admin: bool = False
    cart: dict[str, int] = field(default_factory=dict)
    last_order: int | None = None


@dataclass
class ModelCharge:
    """What is asked of a card under a key, and until when; an account has paid at once."""

    user: str
    key: str
    amount: int
    payment: str
    expires: int


@dataclass
class ModelOrder(ModelCharge):
    lines: dict[str, int]
    status: str
    session: ModelSession
    """In which it was ordered."""
    clears_cart: bool
    by_card: bool
    discounts: Sequence[ModelDiscount] = ()
    version: int = 1

    @property
    def promotions(self) -> Sequence[str]:
        """Those that it has a use of."""
        is_sold = self.status in {"pending", "paid"}
        return [each.promotion for each in self.discounts] if is_sold else []


@dataclass(frozen=True)
class ModelKey:
    """What was asked under a key, when, and what came of it."""

    request: object
    at: int
    outcome: Outcome


class ModelState:
    """Everything in the shop. Tokens, orders and transfers are numbered from 0."""

    def __init__(self) -> None:
        self.now = 0
        self.users: dict[str, ModelUser] = {}
        self.products: dict[str, ModelProduct] = {}
        self.promotions: dict[str, ModelPromotion] = {}
        self.sessions: dict[int, ModelSession] = {}
        self.orders: list[ModelOrder] = []
        self.deposits: list[ModelCharge] = []
        self.gateway_events: set[str] = set()
        self.keys: dict[tuple[str, str], ModelKey] = {}
        self._tokens = 0
        self._transfers = 0

    def stored(self) -> Outcome:
        """Tell everything that must be stored now."""
        return {
            "balances": {email: user.balance for email, user in self.users.items()},
            "carts": {email: dict(user.cart) for email, user in self.users.items()},
            "ledgers": {email: sorted(person.ledger) for email, person in self.users.items()},
            "products": {
                sku: (product.price, product.active, product.on_hand, product.reserved)
                for sku, product in self.products.items()
            },
            "promotions": {
                slug: (
                    self.uses()[slug],
                    None if each.limit is None else each.limit - self.uses()[slug],
                )
                for slug, each in self.promotions.items()
            },
            "orders": [
                (order.status, order.payment, order.amount, discounts_outcome(order.discounts))
                for order in self.orders
            ],
            "deposits": [deposit.payment for deposit in self.deposits],
            "jobs": sorted(
                [*_expected_jobs("order", self.orders), *_expected_jobs("deposit", self.deposits)]
            ),
            "sessions": {
                token: {
                    **session_outcome(session),
                    "created": session.created,
                    "seen": session.last_seen,
                }
                for token, session in self.sessions.items()
            },
        }

    def is_expired(self, session: ModelSession) -> bool:
        idle, age = self.now - session.last_seen, self.now - session.created
        return idle >= IDLE_SECONDS or age >= ABSOLUTE_SECONDS

    def find_session(self, token: int | None) -> ModelSession | None:
        session = None if token is None else self.sessions.get(token)
        if session is None or not self.is_expired(session):
            return session
        if session.user is not None:
            raise Rejection("session-expired")
        return None

    def require_signed_in(self, token: int | None) -> tuple[str, ModelSession]:
        session = self.find_session(token)
        if session is None or session.user is None:
            raise Rejection("not-signed-in")
        return session.user, session

    def require_admin(self, token: int | None) -> str:
        user, _ = self.require_signed_in(token)
        if not self.users[user].admin:
            raise Rejection("forbidden", role="admin")
        return user

    def save_session(self, token: int | None, session: ModelSession) -> int | None:
        """Store what became of a visit; return the token that it has from now on, if another."""
        session.last_seen = self.now
        return self._new_token(session) if token is None else None

    def refresh_session(self, token: int, session: ModelSession) -> int | None:
        """Replace the token of a session whose user's roles have changed; return it."""
        if session.user is None or session.admin == self.users[session.user].admin:
            return None
        session.admin = self.users[session.user].admin
        session.last_seen = self.now
        del self.sessions[token]
        return self._new_token(session)

    def sign_in(self, token: int | None, email: str) -> Outcome:
        session = None if token is None else self.sessions.get(token)
        if token is None or session is None or self.is_expired(session):
            session = ModelSession(created=self.now, last_seen=self.now)
        else:
            del self.sessions[token]
        session.last_order = session.last_order if session.user == email else None
        user = self.users[email]
        if session.user in {None, email}:
            for sku, quantity in session.cart.items():
                user.cart[sku] = max(quantity, user.cart.get(sku, 0))
        session.cart = {}
        session.user, session.admin = email, user.admin
        session.created = session.last_seen = self.now
        return {"session": session_outcome(session), "issued": self._new_token(session)}

    def cart_of(self, session: ModelSession) -> dict[str, int]:
        return session.cart if session.user is None else self.users[session.user].cart

    def with_cart(
        self, token: int | None, session: ModelSession | None, cart: dict[str, int]
    ) -> Outcome:
        new_token = None
        if session is not None and list(cart.items()) != list(self.cart_of(session).items()):
            if session.user is None:
                session.cart = cart
                new_token = self.save_session(token, session)
            else:
                self.users[session.user].cart = cart
                if self.now - session.last_seen >= LAST_SEEN_INTERVAL_SECONDS:
                    session.last_seen = self.now
        return {
            "lines": [
                (
                    sku,
                    quantity,
                    self.products[sku].price,
                    self.products[sku].available if self.products[sku].active else 0,
                )
                for sku, quantity in cart.items()
            ],
            "problems": self.problems_of(cart) or [("empty-cart", None, None, None)][len(cart) :],
            "total": self.total_of(session.user if session else None, cart),
            "issued": new_token,
        }

    def once_per_key(
        self, user: str, action: KeyedAction, body: object, decide: Callable[[], Outcome]
    ) -> Outcome:
        """Decide the first request under a key; replay its outcome to later ones."""
        request = (type(action).__name__, body)
        stored = self.keys.get((user, action.key))
        if stored is not None:
            if stored.request != request:
                raise Rejection("idempotency-key-reused")
            if stored.outcome.get("status") == "pending":
                return stored.outcome
            return {**stored.outcome, "replayed": True}
        try:
            outcome = decide()
        except Rejection as rejection:
            outcome = rejection.outcome
        self.keys[user, action.key] = ModelKey(request, self.now, outcome)
        return outcome

    def complete_key(self, charge: ModelCharge, outcome: Outcome) -> Outcome:
        """Remember how something ended that was pending."""
        stored = self.keys[charge.user, charge.key]
        self.keys[charge.user, charge.key] = replace(stored, outcome=outcome)
        return outcome

    def move(
        self, kind: str, amount: int, *, by: str = "", to: str = "", note: str = ""
    ) -> Outcome:
        for email, delta in ((by, -amount), (to, amount)):
            if email:
                self.users[email].balance += delta
                self.users[email].ledger.append((kind, delta))
        if kind not in {"transfer", "credit"}:
            return {}
        self._transfers += 1
        return {"transfer": self._transfers - 1, "amount": amount, "note": note, "at": self.now}

    def prices_of(self, quantities: dict[str, int]) -> dict[str, int]:
        if not quantities:
            raise Rejection("empty-cart")
        for sku in quantities:
            if sku not in self.products:
                raise Rejection("product-not-found", sku=sku)
        problems = self.problems_of(quantities)
        off_sale = [line for code, *line in problems if code == "not-for-sale"]
        if off_sale:
            short = [line for code, *line in problems if code == "out-of-stock"]
            raise Rejection("not-for-sale", lines=off_sale, short=short)
        return {sku: self.products[sku].price for sku in quantities}

    def uses(self, user: str | None = None) -> Mapping[str, int]:
        """Count the orders that have each promotion, of one customer or of all."""
        return Counter(
            slug for order in self.orders if user in {None, order.user} for slug in order.promotions
        )

    def buyer(self, user: str | None) -> ModelBuyer:
        own = [each.status for each in self.orders if each.user == user]
        return ModelBuyer(
            now=self.now,
            has_ordered="pending" in own or "paid" in own,
            used=self.uses(),
            used_here=self.uses(user) if user else {},
        )

    def discounts(
        self, user: str | None, quantities: Mapping[str, int], codes: Sequence[str]
    ) -> Sequence[ModelDiscount]:
        amounts = [self.products[sku].price * each for sku, each in quantities.items()]
        return best_discounts(self.promotions, codes, self.buyer(user), amounts)

    def total_of(
        self, user: str | None, quantities: Mapping[str, int], codes: Sequence[str] = ()
    ) -> int:
        discounts = self.discounts(user, quantities, codes)
        prices = sum(self.products[sku].price * each for sku, each in quantities.items())
        return prices - sum(each.amount for each in discounts)

    def require_codes(self, user: str, codes: Sequence[str]) -> None:
        problems = code_problems(self.promotions, codes, self.buyer(user))
        if problems.unknown:
            raise Rejection("code-not-found", codes=problems.unknown)
        if problems.used_up:
            slugs = [each.slug for each in problems.used_up]
            # Of the first code that the customer's own pending order has.
            held = [self._find_pending(user, slug) for slug in slugs]
            first = next((each for each in held if each is not None), None)
            used_up = [each.code for each in problems.used_up]
            raise Rejection("code-used-up", codes=used_up, order_id=first)
        if problems.inapplicable:
            raise Rejection(
                "code-not-applicable",
                condition=problems.inapplicable[0][1],
                codes=[list(each) for each in problems.inapplicable],
            )

    def _find_pending(self, user: str, slug: str) -> int | None:
        """Return the first order of a customer that waits for its payment with a promotion."""
        return next(
            (
                number
                for number, each in enumerate(self.orders)
                if each.user == user and each.status == "pending" and slug in each.promotions
            ),
            None,
        )

    def require_stock(self, quantities: dict[str, int]) -> None:
        short = [line for _, *line in self.problems_of(quantities)]
        if short:
            raise Rejection("out-of-stock", lines=short)

    def problems_of(self, quantities: dict[str, int]) -> list[tuple[str, str, int, int]]:
        """Return what stops the order of existing products: first those that are off sale."""
        off_sale = [
            ("not-for-sale", sku, quantity, 0)
            for sku, quantity in quantities.items()
            if not self.products[sku].active
        ]
        return off_sale + [
            ("out-of-stock", sku, quantity, self.products[sku].available)
            for sku, quantity in quantities.items()
            if self.products[sku].active and quantity > self.products[sku].available
        ]

    def require_money(self, user: str, amount: int) -> None:
        balance = self.users[user].balance
        if balance < amount:
            raise Rejection("insufficient-funds", balance=balance, required=amount)

    def require_below_max_balance(self, user: str, amount: int) -> None:
        if self.users[user].balance + amount > MAX_BALANCE:
            raise Rejection("balance-too-large")

    def _new_token(self, session: ModelSession) -> int:
        self.sessions[self._tokens] = session
        self._tokens += 1
        return self._tokens - 1


def _expected_jobs(kind: str, charges: Sequence[ModelCharge]) -> Iterator[tuple[str, str, int]]:
    """Return the jobs of these; reversals are checked against the gateway's records."""
    for number, charge in enumerate(charges):
        if charge.payment in {"pending", "authorised"}:
            yield (
                kind,
                "resolve" if charge.payment == "pending" else "capture",
                number,
            )


def discounts_outcome(discounts: Sequence[ModelDiscount]) -> Sequence[object]:
    return [(each.promotion, each.code, each.amount, list(each.shares)) for each in discounts]


def session_outcome(session: ModelSession) -> Outcome:
    return {
        "user": session.user,
        "admin": session.admin,
        "cart": dict(session.cart),
        "order": session.last_order,
    }
