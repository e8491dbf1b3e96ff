"""What people may come to do: mostly what makes sense, sometimes what does not."""

from dataclasses import dataclass
from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from shop.adapters.memory.payment_gateway import ScriptedResult
from shop.adapters.simulated_gateway.card_behaviour import BEHAVIOURS
from tests.property.books import (
    ABSOLUTE_SECONDS,
    HOLD_SECONDS,
    IDLE_SECONDS,
    KEY_SECONDS,
    REFUSALS_KEPT_SECONDS,
)
from tests.property.deeds import (
    SKUS,
    Authenticate,
    Cancel,
    ClearCart,
    Count,
    Credit,
    Deed,
    Enter,
    FallAsleep,
    Line,
    Outage,
    Pass,
    Promote,
    PutIntoCart,
    PutProduct,
    SignIn,
    SignOut,
    SignUp,
    Sweep,
    SweepKeys,
    TakeOutOfCart,
    WakeUp,
    Work,
)

PASSWORD = "what they all use"


@dataclass(frozen=True, slots=True)
class Wish:
    """A card that is to pay, and what happens in the meantime: "nothing", "again" and so on."""

    token: str
    fates: tuple[ScriptedResult, ...]
    meanwhile: str


@dataclass(frozen=True, slots=True)
class Buy:
    """Order these lines; the customer was shown nothing, their total, or another one."""

    lines: tuple[Line, ...]
    shown: str
    card: Wish | None


@dataclass(frozen=True, slots=True)
class BuyCart:
    """Order the cart, into which something may be put before."""

    put: str | None
    shown: str
    card: Wish | None


@dataclass(frozen=True, slots=True)
class PayIn:
    """Put money from a card into the account."""

    amount: int
    card: Wish


@dataclass(frozen=True, slots=True)
class Tell:
    """Have the gateway tell of an order; or, past the last one, of one that there is not."""

    number: int
    notice: str


@dataclass(frozen=True, slots=True)
class WorkAndCancel:
    """Cancel an order where it was placed, while a worker asks for its money, or another's."""

    number: int


@dataclass(frozen=True, slots=True)
class CancelOwn:
    """Cancel an order where it was placed."""

    number: int


@dataclass(frozen=True, slots=True)
class Again:
    """Send an earlier request once more."""

    number: int


@dataclass(frozen=True, slots=True)
class AgainElsewhere:
    """Send an earlier request once more, from another browser perhaps."""

    number: int


@dataclass(frozen=True, slots=True)
class OtherBody:
    """Send what was asked in another earlier request under the key of this one."""

    number: int
    other: int


@dataclass(frozen=True, slots=True)
class SmallPrint:
    """Send an earlier request once more, with nothing but its small print changed."""

    number: int


@dataclass(frozen=True, slots=True)
class Wait:
    seconds: int


T = TypeVar("T")
Repetition = Again | AgainElsewhere | OtherBody | SmallPrint
Turn = Deed | Buy | BuyCart | PayIn | Tell | WorkAndCancel | CancelOwn | Repetition | Wait

ROOT, ADA, BOB, CYN = (f"{name}@example.com" for name in ("root", "ada", "bob", "cyn"))

FIRST, SECOND, THIRD = SKUS
TOO_LONG = "n" * 201
SILENCE = (ScriptedResult.TIMEOUT_BEFORE, ScriptedResult.TIMEOUT_AFTER) * 2


def weighed(*choices: tuple[int, SearchStrategy[T]]) -> SearchStrategy[T]:
    """Return a strategy that chooses each of these so much more often than the others."""
    chosen = st.sampled_from([choice for weight, choice in choices for _ in range(weight)])
    return chosen.flatmap(lambda choice: choice)


skus = st.sampled_from([FIRST] * 5 + [SECOND] * 4 + [THIRD, "SOAP"])
quantities = st.sampled_from([1] * 12 + [2] * 6 + [3, 3, 5, 3_000])
few = st.integers(1, 2)
lines = weighed(
    (6, st.lists(st.tuples(skus, quantities), min_size=1, max_size=3).map(tuple)),
    (4, st.tuples(st.tuples(st.just(SECOND), few), st.tuples(st.just(FIRST), few))),
    (1, st.just(())),
)
totals_shown = st.sampled_from(["nothing", "nothing", "the total", "the total", "another total"])
emails = st.sampled_from([BOB, ADA, CYN])
addresses = st.sampled_from([BOB, ADA, CYN, BOB, ADA, " Bob@Example.com ", "a@b", "?"])
passwords = st.sampled_from([PASSWORD] * 5 + ["another one", "short"])
numbers = st.integers(0, 99)
sums = st.sampled_from([40, 1, 40, 300, 700, 1_000, 1_000, 1_001, 10**15, 0])
credits_given = st.sampled_from([500, 1, 10**15, 10**15, 0])
notes = st.sampled_from(["thanks"] * 8 + ["", TOO_LONG])


tokens = st.sampled_from(["tok_visa"] * 6 + ["tok_authenticate"] * 3 + [*BEHAVIOURS, "tok_unknown"])
fates = weighed(
    (3, st.just(())),
    (2, st.lists(st.sampled_from([*SILENCE, *ScriptedResult]), min_size=1, max_size=4).map(tuple)),
)
meanwhiles = st.sampled_from(["nothing"] * 12 + ["again", "cancel", "notice", "time", "time"])
cards = st.builds(Wish, tokens, fates, meanwhiles)

orders = weighed(
    (5, st.builds(Buy, lines, totals_shown, st.none() | cards)),
    (
        3,
        st.builds(
            BuyCart,
            st.sampled_from([FIRST, SECOND, FIRST, SECOND, None]),
            totals_shown,
            st.none() | cards,
        ),
    ),
)
fillings = weighed(
    (4, st.builds(PutIntoCart, skus, quantities | st.just(0))),
    (1, st.builds(TakeOutOfCart, skus)),
    (1, st.just(ClearCart())),
)
card_business = weighed(
    (6, st.just(Work())),
    (2, st.builds(WorkAndCancel, numbers)),
    (1, st.just(FallAsleep())),
    (1, st.just(WakeUp())),
    (3, st.builds(Tell, numbers, st.sampled_from([f"evt-{number}" for number in range(20)]))),
    (2, st.builds(Authenticate, st.integers(1, 9), st.booleans())),
    (1, st.builds(Outage, st.sampled_from([True, False, False]))),
    (2, st.builds(PayIn, sums, cards)),
)
payments = weighed(
    (3, st.builds(Pass, st.just(""), addresses, sums, notes)),
    (1, st.builds(Credit, st.just(""), emails, credits_given, notes)),
)
comings = weighed(
    (2, st.builds(SignUp, addresses, passwords)),
    (4, st.builds(SignIn, emails, st.just(PASSWORD))),
    (1, st.builds(SignIn, addresses, passwords)),
    (2, st.just(SignOut())),
    (5, st.just(Enter())),
    (2, st.just(Sweep())),
    (1, st.just(SweepKeys())),
    (1, st.builds(Promote, emails)),
)
businesses = weighed(
    (
        2,
        st.builds(
            PutProduct,
            st.sampled_from(SKUS),
            st.sampled_from([90, 110, 310, 400, 0]),
            st.sampled_from([True, True, False]),
        ),
    ),
    (2, st.builds(Count, skus, st.sampled_from([2, 4, 9, 9, -1, -5, 0, 10**9]), notes)),
)
repetitions = weighed(
    (3, st.builds(Again, numbers)),
    (2, st.builds(AgainElsewhere, numbers)),
    (2, st.builds(OtherBody, numbers, numbers)),
    (1, st.builds(SmallPrint, numbers)),
)
waits = st.builds(
    Wait,
    st.sampled_from(
        [
            1,
            59,
            59,
            60,
            15,
            KEY_SECONDS,
            HOLD_SECONDS - 1,
            HOLD_SECONDS,
            IDLE_SECONDS - 1,
            IDLE_SECONDS,
            IDLE_SECONDS,
            ABSOLUTE_SECONDS,
            REFUSALS_KEPT_SECONDS + 1,
        ]
    ),
)
turns = weighed(
    (8, orders),
    (4, fillings),
    (3, payments),
    (8, card_business),
    (4, comings),
    (3, businesses),
    (4, repetitions),
    (3, st.builds(CancelOwn, numbers)),
    (1, st.builds(Cancel, numbers)),
    (3, waits),
)
