"""Two shops that stand alike before a group arrives, and groups of every kind."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from hypothesis import strategies as st

from tests.property.books import IDLE_SECONDS
from tests.property.deeds import (
    SKUS,
    Card,
    Count,
    Deed,
    Enter,
    Finish,
    Order,
    Pass,
    Promote,
    PutIntoCart,
    PutProduct,
    SignIn,
    SignOut,
    SignUp,
)
from tests.property.lockstep import Lockstep
from tests.property.strategies import (
    ADA,
    BOB,
    CYN,
    PASSWORD,
    ROOT,
    addresses,
    lines,
    notes,
    sums,
)

TOGETHER, APART = "together", "apart"
KEYS = tuple(f"key-{number}" for number in range(6))
NOBODY, VISITOR, EXPIRED, LEFT = "nobody", "visitor", "expired", "left"
ADAS, ADAS_PHONE, BOBS = "adas", "adas phone", "bobs"

K = TypeVar("K", Order, Pass, Finish)
Group = Sequence[tuple[str, K]]
"""Requests, each from a browser."""

Requests = Sequence[tuple[int | None, K]]
"""Requests, each with the token of its browser."""


@dataclass(frozen=True, slots=True)
class Scene:
    """How a shop stands before the group arrives."""

    stock: tuple[int, int]
    carts: tuple[tuple[str, int], ...]


scenes = st.builds(
    Scene,
    st.tuples(*[st.sampled_from([5, 1, 2, 20])] * 2),
    st.lists(
        st.tuples(st.sampled_from([ADAS, ADAS_PHONE, BOBS]), st.integers(1, 4)),
        min_size=1,
        max_size=5,
    ).map(tuple),
)
keys = st.sampled_from(KEYS)
browsers = st.sampled_from(
    [ADAS] * 4 + [BOBS] * 3 + [ADAS_PHONE] * 2 + [VISITOR, EXPIRED, LEFT, NOBODY]
)
carts = st.none() | lines
totals = st.sampled_from([None] * 8 + [90, 180])
cards = st.builds(Card, st.sampled_from(["tok_visa", "tok_declined"]), st.just(()), st.just(()))
orders = st.builds(Order, keys, carts, totals, st.none() | st.none() | cards)
card_orders = st.builds(Order, keys, carts, totals, cards)
finishes = st.builds(
    Finish,
    st.integers(0, 3),
    st.sampled_from(["approved", "approved", "approved", "declined", "late"]),
    st.sampled_from([None, None, "evt-1", "evt-2"]),
)
transfers = st.builds(Pass, keys, addresses, sums, notes)


def groups_of(deeds: st.SearchStrategy[K]) -> st.SearchStrategy[Group[K]]:
    """Return groups in which some requests come more than once."""
    return st.lists(st.tuples(browsers, deeds), min_size=1, max_size=5).flatmap(
        lambda requests: st.lists(st.sampled_from(requests), min_size=1, max_size=9)
    )


def set_scene(twins: Lockstep, scene: Scene) -> dict[str, int | None]:
    """Set the scene in both shops; return the token that each browser holds."""
    holds: dict[str, int | None] = dict.fromkeys([NOBODY, VISITOR, EXPIRED, LEFT, ADAS, BOBS])

    def do(browser: str, deed: Deed) -> None:
        outcomes = twins.each(lambda shop: shop.do(holds.get(browser), deed))
        assert outcomes[TOGETHER] == outcomes[APART]
        assert "refused" not in outcomes[APART], outcomes
        issued = outcomes[APART].get("issued")
        if isinstance(issued, int):
            holds[browser] = issued

    twins.reset()
    do(EXPIRED, SignUp("dan@example.com", PASSWORD))
    twins.advance(IDLE_SECONDS)
    do("office", SignUp(ROOT, PASSWORD))
    do("office", Promote(ROOT))
    do("office", Enter())
    for sku, quantity, price in zip(SKUS, scene.stock, (90, 40), strict=False):
        do("office", PutProduct(sku, price, active=True))
        do("office", Count(sku, quantity, "Delivery"))
    do("office", PutProduct(SKUS[2], 1, active=False))
    do(ADAS, SignUp(ADA, PASSWORD))
    do(ADAS_PHONE, SignIn(ADA, PASSWORD))
    do(BOBS, SignUp(BOB, PASSWORD))
    do(LEFT, SignUp(CYN, PASSWORD))
    do(LEFT, SignOut())
    do(VISITOR, PutIntoCart(SKUS[0], 1))
    for browser, quantity in scene.carts:
        do(browser, PutIntoCart(SKUS[quantity % 2], quantity))
    do(ADAS, Order(KEYS[0], ((SKUS[0], 1),), None))
    return holds


def sent(holds: dict[str, int | None], group: Group[K]) -> Requests[K]:
    return [(holds[browser], deed) for browser, deed in group]
