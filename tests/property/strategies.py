"""Random steps of a history: mostly sensible ones, sometimes not."""

from dataclasses import dataclass, replace
from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from shop.adapters.memory.payment_gateway import ScriptedResult
from shop.adapters.simulated_gateway.card_behaviour import BEHAVIOURS
from tests.property.actions import (
    SKUS,
    Action,
    AdjustStock,
    AdvanceClock,
    Authenticate,
    Cancel,
    ClearCart,
    Credit,
    DeliverGatewayEvent,
    EndPromotion,
    GatewayOutage,
    GrantRole,
    Line,
    PurgeKeys,
    PurgeSessions,
    PutIntoCart,
    PutProduct,
    PutPromotion,
    RemoveFromCart,
    ResolveSession,
    RunJobs,
    SignIn,
    SignOut,
    SignUp,
    Transfer,
    WorkerResumes,
    WorkerStalls,
)
from tests.property.model.state import (
    ABSOLUTE_SECONDS,
    IDEMPOTENCY_SECONDS,
    IDLE_SECONDS,
    PENDING_PAYMENT_SECONDS,
    REJECTION_RETENTION_SECONDS,
)

PASSWORD = "what they all use"


@dataclass(frozen=True, slots=True)
class CardChoice:
    """A card that pays, and what happens during its first call: "nothing", "again" and so on."""

    token: str
    script: tuple[ScriptedResult, ...]
    meanwhile: str


@dataclass(frozen=True, slots=True)
class OrderLines:
    """Order these lines, perhaps several times.

    The customer was shown no total, the right one, or another one.
    """

    lines: tuple[Line, ...]
    shown: str
    card: CardChoice | None
    codes: tuple[str, ...]
    times: int = 1


@dataclass(frozen=True, slots=True)
class OrderCart:
    """Order the cart, into which a product may be put before."""

    put: str | None
    shown: str
    card: CardChoice | None
    codes: tuple[str, ...]
    times: int = 1


@dataclass(frozen=True, slots=True)
class DepositMoney:
    """Deposit money from a card into the account."""

    amount: int
    card: CardChoice


@dataclass(frozen=True, slots=True)
class WorkAndCancel:
    """Cancel an order in its browser, while a worker captures a payment."""

    number: int


@dataclass(frozen=True, slots=True)
class CancelOwn:
    """Cancel an order in the browser that has placed it."""

    number: int


@dataclass(frozen=True, slots=True)
class Repeat:
    """Repeat an earlier request."""

    number: int


@dataclass(frozen=True, slots=True)
class RepeatElsewhere:
    """Repeat an earlier request, perhaps from another browser."""

    number: int


@dataclass(frozen=True, slots=True)
class ReuseKey:
    """Send another earlier request under the key of this one."""

    number: int
    other: int


@dataclass(frozen=True, slots=True)
class ChangeDetails:
    """Send an earlier request once more, with one detail changed."""

    number: int


T = TypeVar("T")
Repetition = Repeat | RepeatElsewhere | ReuseKey | ChangeDetails
Step = Action | OrderLines | OrderCart | DepositMoney | WorkAndCancel | CancelOwn | Repetition

ROOT, ADA, BOB, CYN = (f"{name}@example.com" for name in ("root", "ada", "bob", "cyn"))

FIRST, SECOND, THIRD = SKUS
MORE_THAN_ALL_MONEY = ((FIRST, 9),)
TOO_LONG = "n" * 201
FEW = PutPromotion("few", 33_333, code="FEW", limit=2)
LAST = replace(FEW, limit=1)
GIFT = replace(FEW, thousandths=100_000)
SUSPENDED = replace(FEW, active=False)
NEWCOMER = replace(FEW, first_order=True)
ONCE = PutPromotion("once", 12_500, code="ONCE", limit_per_customer=1)
ANY = PutPromotion("any", 7_000)
WELCOME = PutPromotion("welcome", 45_000, first_order=True, combinable=False)
A_MINUTE = 60
TIMEOUTS = (ScriptedResult.TIMEOUT_BEFORE, ScriptedResult.TIMEOUT_AFTER) * 2


def weighted(*choices: tuple[int, SearchStrategy[T]]) -> SearchStrategy[T]:
    """Return a strategy that chooses each of these so much more often than the others."""
    chosen = st.sampled_from([choice for weight, choice in choices for _ in range(weight)])
    return chosen.flatmap(lambda choice: choice)


skus = st.sampled_from([FIRST] * 5 + [SECOND] * 4 + [THIRD, "SOAP"])
quantities = st.sampled_from([1] * 12 + [2] * 6 + [3, 3, 5, 3_000])
few = st.integers(1, 2)
lines = weighted(
    (6, st.lists(st.tuples(skus, quantities), min_size=1, max_size=3).map(tuple)),
    (4, st.tuples(st.tuples(st.just(SECOND), few), st.tuples(st.just(FIRST), few))),
    (1, st.just(())),
)
totals_shown = st.sampled_from(["nothing", "nothing", "the total", "the total", "another total"])
emails = st.sampled_from([BOB, ADA, CYN])
addresses = st.sampled_from([BOB, ADA, CYN, BOB, ADA, " Bob@Example.com ", "a@b", "?"])
passwords = st.sampled_from([PASSWORD] * 5 + ["another one", "short"])
numbers = st.integers(0, 99)
transfer_amounts = st.sampled_from([40, 1, 40, 300, 700, 1_000, 1_000, 1_001, 10**15, 0])
credits_given = st.sampled_from([500, 1, 10**15, 10**15, 0])
notes = st.sampled_from(["thanks"] * 8 + ["", TOO_LONG])


tokens = st.sampled_from(["tok_visa"] * 6 + ["tok_authenticate"] * 3 + [*BEHAVIOURS])
scripts = weighted(
    (3, st.just(())),
    (2, st.lists(st.sampled_from([*TIMEOUTS, *ScriptedResult]), min_size=1, max_size=4).map(tuple)),
)
meanwhiles = st.sampled_from(["nothing"] * 12 + ["again", "cancel", "event", "time", "time"])
cards = st.builds(CardChoice, tokens, scripts, meanwhiles)

codes = st.sampled_from(
    [()] * 4 + [("FEW",)] * 3 + [("ONCE",)] * 3 + [("ONCE", "FEW"), ("FEW", "NIL")]
)
promotions = st.sampled_from(
    [(FEW, ONCE), (LAST, ONCE, ANY), (WELCOME, LAST, ONCE), (SUSPENDED, ONCE), ()]
)
"""With which a shop begins."""

orders = weighted(
    (
        2,
        st.builds(
            OrderLines,
            st.just(((SECOND, 1),)),
            st.just("nothing"),
            st.none() | cards,
            st.sampled_from([(), ("FEW",), ("ONCE",)]),
            st.integers(2, 3),
        ),
    ),
    (1, st.just(OrderLines(MORE_THAN_ALL_MONEY, "nothing", None, ()))),
    (5, st.builds(OrderLines, lines, totals_shown, st.none() | cards, codes)),
    (
        3,
        st.builds(
            OrderCart,
            st.sampled_from([FIRST, SECOND, FIRST, SECOND, None]),
            totals_shown,
            st.none() | cards,
            codes,
        ),
    ),
)
cart_actions = weighted(
    (4, st.builds(PutIntoCart, skus, quantities | st.just(0))),
    (1, st.builds(RemoveFromCart, skus)),
    (1, st.just(ClearCart())),
)
card_actions = weighted(
    (6, st.just(RunJobs())),
    (2, st.builds(WorkAndCancel, numbers)),
    (1, st.just(WorkerStalls())),
    (1, st.just(WorkerResumes())),
    (
        3,
        st.builds(
            DeliverGatewayEvent, numbers, st.sampled_from([f"evt-{number}" for number in range(20)])
        ),
    ),
    (2, st.builds(Authenticate, st.integers(1, 9), st.booleans())),
    (1, st.builds(GatewayOutage, st.sampled_from([True, False, False]))),
    (2, st.builds(DepositMoney, transfer_amounts, cards)),
)
payments = weighted(
    (3, st.builds(Transfer, st.just(""), addresses, transfer_amounts, notes)),
    (1, st.builds(Credit, st.just(""), emails, credits_given, notes)),
)
session_actions = weighted(
    (2, st.builds(SignUp, addresses, passwords)),
    (4, st.builds(SignIn, emails, st.just(PASSWORD))),
    (1, st.builds(SignIn, addresses, passwords)),
    (2, st.just(SignOut())),
    (5, st.just(ResolveSession())),
    (2, st.just(PurgeSessions())),
    (1, st.just(PurgeKeys())),
    (1, st.builds(GrantRole, emails)),
)
catalogue_actions = weighted(
    (
        2,
        st.builds(
            PutProduct,
            st.sampled_from(SKUS),
            st.sampled_from([90, 110, 310, 400, 0]),
            st.booleans(),
        ),
    ),
    (2, st.builds(AdjustStock, skus, st.sampled_from([2, 4, 9, 9, -1, -5, 0, 10**9]), notes)),
)
promotion_actions = weighted(
    (
        3,
        st.builds(
            PutPromotion,
            st.sampled_from(["few", "once", "welcome"]),
            st.sampled_from([33_333, 12_500, 100_000, 1]),
            code=st.sampled_from(["FEW", "ONCE", "FEW", None]),
            limit=st.sampled_from([None, 1, 2, 3]),
            limit_per_customer=st.sampled_from([None, None, 1, 2]),
            first_order=st.sampled_from([False, False, True]),
            combinable=st.sampled_from([True, True, False]),
            active=st.sampled_from([True, True, True, False]),
            seconds=st.sampled_from([None, None, A_MINUTE]),
        ),
    ),
    (3, st.sampled_from([FEW, ONCE, ANY, WELCOME, SUSPENDED, NEWCOMER, GIFT, GIFT])),
    (1, st.builds(EndPromotion, st.sampled_from(["few", "once", "any", "welcome"]))),
)
repetitions = weighted(
    (3, st.builds(Repeat, numbers)),
    (2, st.builds(RepeatElsewhere, numbers)),
    (2, st.builds(ReuseKey, numbers, numbers)),
    (1, st.builds(ChangeDetails, numbers)),
)
waits = st.builds(
    AdvanceClock,
    st.sampled_from(
        [
            1,
            59,
            59,
            60,
            15,
            IDEMPOTENCY_SECONDS,
            PENDING_PAYMENT_SECONDS - 1,
            PENDING_PAYMENT_SECONDS,
            IDLE_SECONDS - 1,
            IDLE_SECONDS,
            IDLE_SECONDS,
            ABSOLUTE_SECONDS,
            REJECTION_RETENTION_SECONDS + 1,
        ]
    ),
)
steps = weighted(
    (8, orders),
    (4, cart_actions),
    (3, payments),
    (8, card_actions),
    (4, session_actions),
    (3, catalogue_actions),
    (3, promotion_actions),
    (4, repetitions),
    (3, st.builds(CancelOwn, numbers)),
    (1, st.builds(Cancel, numbers)),
    (3, waits),
)
