"""What the model of a shop remembers: dictionaries and integers, and the simplest rules on them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from tests.property.deeds import Keyed

Outcome = dict[str, object]

WELCOME = 1_000
IDLE_SECONDS, ABSOLUTE_SECONDS, TOUCH_SECONDS = 1_800, 7_200, 60
REFUSALS_KEPT_SECONDS = 7 * 86_400
MOST_MONEY, MOST_GOODS = 10**15, 10**9
HOLD_SECONDS, KEY_SECONDS = 900, 600


class Refused(Exception):
    """What the shop must say instead of doing it."""

    def __init__(self, slug: str, **facts: object) -> None:
        super().__init__(slug)
        self.outcome: Outcome = {"refused": slug, **facts}


@dataclass
class Person:
    password: str
    balance: int = 0
    admin: bool = False
    ledger: list[tuple[str, int]] = field(default_factory=list)
    """The kinds and amounts of what came (positive) and went."""


@dataclass
class Ware:
    price: int
    active: bool
    on_hand: int = 0
    reserved: int = 0

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved


@dataclass
class Visit:
    created: int
    seen: int
    user: str | None = None
    admin: bool = False
    cart: dict[str, int] = field(default_factory=dict)
    order: int | None = None


@dataclass
class Charge:
    """What is asked of a card under a key, and until when; an account has paid at once."""

    user: str
    key: str
    amount: int
    payment: str
    expires: int


@dataclass
class Bought(Charge):
    lines: dict[str, int]
    status: str
    visit: Visit
    """In which it was ordered."""
    empties_cart: bool
    by_card: bool
    version: int = 1


@dataclass(frozen=True)
class Asked:
    """What was asked under a key, when, and what came of it."""

    what: object
    at: int
    outcome: Outcome


class Books:
    """Everything in the shop. Tokens, orders and transfers are numbered from 0."""

    def __init__(self) -> None:
        self.now = 0
        self.people: dict[str, Person] = {}
        self.wares: dict[str, Ware] = {}
        self.visits: dict[int, Visit] = {}
        self.orders: list[Bought] = []
        self.deposits: list[Charge] = []
        self.notices: set[str] = set()
        self.outage = False
        self.keys: dict[tuple[str, str], Asked] = {}
        self._tokens = 0
        self._transfers = 0

    def stored(self) -> Outcome:
        """Tell everything that must be stored now."""
        return {
            "balances": {email: person.balance for email, person in self.people.items()},
            "ledgers": {email: sorted(person.ledger) for email, person in self.people.items()},
            "wares": {
                sku: (ware.price, ware.active, ware.on_hand, ware.reserved)
                for sku, ware in self.wares.items()
            },
            "orders": [(order.status, order.payment) for order in self.orders],
            "deposits": [deposit.payment for deposit in self.deposits],
            "jobs": sorted([*_jobs("order", self.orders), *_jobs("deposit", self.deposits)]),
            "visits": {
                token: {**visible(visit), "created": visit.created, "seen": visit.seen}
                for token, visit in self.visits.items()
            },
        }

    def is_over(self, visit: Visit) -> bool:
        idle, age = self.now - visit.seen, self.now - visit.created
        return idle >= IDLE_SECONDS or age >= ABSOLUTE_SECONDS

    def anyone(self, token: int | None) -> Visit | None:
        visit = None if token is None else self.visits.get(token)
        if visit is None or not self.is_over(visit):
            return visit
        if visit.user is not None:
            raise Refused("session-expired")
        return None

    def signed_in(self, token: int | None) -> tuple[str, Visit]:
        visit = self.anyone(token)
        if visit is None or visit.user is None:
            raise Refused("not-signed-in")
        return visit.user, visit

    def admin(self, token: int | None) -> str:
        user, _ = self.signed_in(token)
        if not self.people[user].admin:
            raise Refused("forbidden", role="admin")
        return user

    def keep(self, token: int | None, visit: Visit) -> int | None:
        """Store what became of a visit; return the token that it has from now on, if another."""
        visit.seen = self.now
        return self._issue(visit) if token is None else None

    def renew(self, token: int, visit: Visit) -> int | None:
        """Give a visit whose user has other roles now a new token; return it."""
        if visit.user is None or visit.admin == self.people[visit.user].admin:
            return None
        visit.admin = self.people[visit.user].admin
        visit.seen = self.now
        del self.visits[token]
        return self._issue(visit)

    def sign_in(self, token: int | None, email: str) -> Outcome:
        visit = None if token is None else self.visits.get(token)
        if token is None or visit is None or self.is_over(visit):
            visit = Visit(created=self.now, seen=self.now)
        else:
            del self.visits[token]
        visit.order = visit.order if visit.user == email else None
        visit.cart = visit.cart if visit.user in {None, email} else {}
        visit.user, visit.admin = email, self.people[email].admin
        visit.created = visit.seen = self.now
        return {"visit": visible(visit), "issued": self._issue(visit)}

    def with_cart(self, token: int | None, visit: Visit | None, cart: dict[str, int]) -> Outcome:
        issued = None
        if visit is not None and list(cart.items()) != list(visit.cart.items()):
            visit.cart = cart
            issued = self.keep(token, visit)
        return {
            "lines": [
                (sku, quantity, self.wares[sku].price, self.wares[sku].available)
                for sku, quantity in cart.items()
            ],
            "total": sum(self.wares[sku].price * quantity for sku, quantity in cart.items()),
            "issued": issued,
        }

    def once(self, user: str, deed: Keyed, body: object, decide: Callable[[], Outcome]) -> Outcome:
        """Decide what is asked under a key for the first time; tell again what came of it."""
        what = (type(deed).__name__, body)
        asked = self.keys.get((user, deed.key))
        if asked is not None:
            if asked.what != what:
                raise Refused("idempotency-key-reused")
            if asked.outcome.get("status") == "pending":
                return asked.outcome
            return {**asked.outcome, "replayed": True}
        try:
            outcome = decide()
        except Refused as refusal:
            outcome = refusal.outcome
        self.keys[user, deed.key] = Asked(what, self.now, outcome)
        return outcome

    def conclude(self, charge: Charge, outcome: Outcome) -> Outcome:
        """Remember how something ended that was pending."""
        asked = self.keys[charge.user, charge.key]
        self.keys[charge.user, charge.key] = replace(asked, outcome=outcome)
        return outcome

    def move(
        self, kind: str, amount: int, *, by: str = "", to: str = "", note: str = ""
    ) -> Outcome:
        for email, delta in ((by, -amount), (to, amount)):
            if email:
                self.people[email].balance += delta
                self.people[email].ledger.append((kind, delta))
        if kind not in {"transfer", "credit"}:
            return {}
        self._transfers += 1
        return {"transfer": self._transfers - 1, "amount": amount, "note": note, "at": self.now}

    def prices_of(self, wanted: dict[str, int]) -> dict[str, int]:
        if not wanted:
            raise Refused("empty-cart")
        for sku in wanted:
            if sku not in self.wares or not self.wares[sku].active:
                raise Refused("product-not-found", sku=sku)
        return {sku: self.wares[sku].price for sku in wanted}

    def require_goods(self, wanted: dict[str, int]) -> None:
        short = [
            (sku, quantity, self.wares[sku].available)
            for sku, quantity in wanted.items()
            if quantity > self.wares[sku].available
        ]
        if short:
            raise Refused("out-of-stock", lines=short)

    def require_money(self, user: str, amount: int) -> None:
        balance = self.people[user].balance
        if balance < amount:
            raise Refused("insufficient-funds", balance=balance, required=amount)

    def require_room(self, user: str, amount: int) -> None:
        if self.people[user].balance + amount > MOST_MONEY:
            raise Refused("balance-too-large")

    def _issue(self, visit: Visit) -> int:
        self.visits[self._tokens] = visit
        self._tokens += 1
        return self._tokens - 1


def _jobs(kind: str, charges: Sequence[Charge]) -> Iterator[tuple[str, str, int]]:
    """Return what is to be done for these; what is to be undone is left to the gateway's books."""
    for number, charge in enumerate(charges):
        if charge.payment in {"pending", "authorised"}:
            yield (
                kind,
                "resolve_payment" if charge.payment == "pending" else "capture_payment",
                number,
            )


def visible(visit: Visit) -> Outcome:
    return {
        "user": visit.user,
        "admin": visit.admin,
        "cart": dict(visit.cart),
        "order": visit.order,
    }


def require(name: str, condition: bool, rule: str) -> None:  # noqa: FBT001  It reads as a sentence.
    if not condition:
        raise Refused("invalid-value", field=name, rule=rule)


def require_quantity(quantity: int) -> None:
    require("quantity", 1 <= quantity <= 10_000, "a quantity is 1 to 10000")
