"""Two shops that stand alike before a group arrives, and groups of every kind."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from hypothesis import strategies as st

from tests.property.actions import (
    SKUS,
    Action,
    AdjustStock,
    Card,
    CompleteOrder,
    GrantRole,
    Order,
    PutIntoCart,
    PutProduct,
    PutPromotion,
    ResolveSession,
    SignIn,
    SignOut,
    SignUp,
    Transfer,
)
from tests.property.differential import DifferentialRunner
from tests.property.model.state import IDLE_SECONDS
from tests.property.strategies import (
    ADA,
    BOB,
    CYN,
    PASSWORD,
    ROOT,
    addresses,
    codes,
    lines,
    notes,
    promotions,
    transfer_amounts,
)

GROUPED, ONE_BY_ONE = "together", "apart"
KEYS = tuple(f"key-{number}" for number in range(6))
CODE_KEYS = tuple(f"code-{number}" for number in range(8))
NO_TOKEN, ANONYMOUS, EXPIRED, SIGNED_OUT = "none", "visitor", "expired", "left"
ADA_BROWSER, ADA_PHONE, BOB_BROWSER = "adas", "adas phone", "bobs"

K = TypeVar("K", Order, Transfer, CompleteOrder)
Group = Sequence[tuple[str, K]]
"""Requests, each from a browser."""

Requests = Sequence[tuple[int | None, K]]
"""Requests, each with the token of its browser."""


@dataclass(frozen=True, slots=True)
class InitialState:
    """How a shop stands before the group arrives."""

    stock: tuple[int, int]
    carts: tuple[tuple[str, int], ...]
    promotions: tuple[PutPromotion, ...]


initial_states = st.builds(
    InitialState,
    st.tuples(*[st.sampled_from([5, 1, 2, 20])] * 2),
    st.lists(
        st.tuples(st.sampled_from([ADA_BROWSER, ADA_PHONE, BOB_BROWSER]), st.integers(1, 4)),
        min_size=1,
        max_size=5,
    ).map(tuple),
    promotions,
)
keys = st.sampled_from(KEYS)
browsers = st.sampled_from(
    [ADA_BROWSER] * 4
    + [BOB_BROWSER] * 3
    + [ADA_PHONE] * 2
    + [ANONYMOUS, EXPIRED, SIGNED_OUT, NO_TOKEN]
)
carts = st.none() | lines
totals = st.sampled_from([None] * 8 + [90, 180])
cards = st.builds(Card, st.sampled_from(["tok_visa", "tok_declined"]), st.just(()), st.just(()))
orders = st.builds(Order, keys, carts, totals, st.none() | st.none() | cards, codes)
card_orders = st.builds(Order, keys, carts, totals, cards, codes)
completions = st.builds(
    CompleteOrder,
    st.integers(0, 3),
    st.sampled_from(["approved", "approved", "approved", "declined", "late"]),
)
transfers = st.builds(Transfer, keys, addresses, transfer_amounts, notes)


def groups_of(actions: st.SearchStrategy[K]) -> st.SearchStrategy[Group[K]]:
    """Return groups in which some requests come more than once."""
    return st.lists(st.tuples(browsers, actions), min_size=1, max_size=5).flatmap(
        lambda requests: st.lists(st.sampled_from(requests), min_size=1, max_size=9)
    )


def group_of_codes(
    wanted: Sequence[tuple[str, tuple[str, ...], Card | None]],
) -> Group[Order]:
    """Return orders of one piece each, under keys of their own."""
    return [
        (browser, Order(key, ((SKUS[0], 1),), None, card, codes))
        for key, (browser, codes, card) in zip(CODE_KEYS, wanted, strict=False)
    ]


order_groups = groups_of(orders) | st.lists(
    st.tuples(st.sampled_from([ADA_BROWSER, BOB_BROWSER, ADA_PHONE]), codes, st.none() | cards),
    min_size=3,
    max_size=8,
).map(group_of_codes)
"""Orders of every kind, most of which are rejected, or orders of which each may be placed."""


def set_initial_state(
    pair: DifferentialRunner, initial_state: InitialState
) -> dict[str, int | None]:
    """Set the scene in both shops; return the token that each browser holds."""
    tokens: dict[str, int | None] = dict.fromkeys(
        [NO_TOKEN, ANONYMOUS, EXPIRED, SIGNED_OUT, ADA_BROWSER, BOB_BROWSER]
    )

    def execute(browser: str, action: Action) -> None:
        outcomes = pair.run_in_all(lambda shop: shop.execute(tokens.get(browser), action))
        assert outcomes[GROUPED] == outcomes[ONE_BY_ONE]
        assert "rejected" not in outcomes[ONE_BY_ONE], outcomes
        issued = outcomes[ONE_BY_ONE].get("issued")
        if isinstance(issued, int):
            tokens[browser] = issued

    pair.reset()
    execute(EXPIRED, SignUp("dan@example.com", PASSWORD))
    pair.advance(IDLE_SECONDS)
    execute("office", SignUp(ROOT, PASSWORD))
    execute("office", GrantRole(ROOT))
    execute("office", ResolveSession())
    for sku, quantity, price in zip(SKUS, initial_state.stock, (90, 40), strict=False):
        execute("office", PutProduct(sku, price, active=True))
        execute("office", AdjustStock(sku, quantity, "Delivery"))
    execute("office", PutProduct(SKUS[2], 1, active=False))
    for promotion in initial_state.promotions:
        execute("office", promotion)
    execute(ADA_BROWSER, SignUp(ADA, PASSWORD))
    execute(ADA_PHONE, SignIn(ADA, PASSWORD))
    execute(BOB_BROWSER, SignUp(BOB, PASSWORD))
    execute(SIGNED_OUT, SignUp(CYN, PASSWORD))
    execute(SIGNED_OUT, SignOut())
    execute(ANONYMOUS, PutIntoCart(SKUS[0], 1))
    for browser, quantity in initial_state.carts:
        execute(browser, PutIntoCart(SKUS[quantity % 2], quantity))
    execute(ADA_BROWSER, Order(KEYS[0], ((SKUS[0], 1),), None))
    return tokens


def requests_of(tokens: dict[str, int | None], group: Group[K]) -> Requests[K]:
    return [(tokens[browser], action) for browser, action in group]
