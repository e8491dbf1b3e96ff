"""Whatever fails unexpectedly while a card pays: it is charged once in the end, or not at all."""

from collections.abc import Sequence

from hypothesis import assume, given
from hypothesis import strategies as st

from tests.property.books import HOLD_SECONDS, Outcome
from tests.property.breakdowns import Calls, Fault, watched
from tests.property.deeds import (
    SKUS,
    Authenticate,
    ByCard,
    Cancel,
    Card,
    Deed,
    Deposit,
    Elapse,
    Order,
    SignIn,
    Work,
)
from tests.property.effort import Effort
from tests.property.lockstep import Lockstep
from tests.property.scenes import ADAS, APART, TOGETHER, Scene, scenes, set_scene
from tests.property.shops import Shop
from tests.property.strategies import ADA, PASSWORD, SILENCE, tokens

KEY = "key-of-card"
A_MINUTE = 60

cards = st.builds(
    Card,
    tokens,
    st.lists(st.sampled_from(SILENCE), max_size=2).map(tuple),
    st.just(()),
)
wishes = st.one_of(
    st.builds(Order, st.just(KEY), st.none() | st.just(((SKUS[0], 1),)), st.none(), cards),
    st.builds(Deposit, st.just(KEY), st.just(300), cards),
)
courses = st.sampled_from(
    [
        (),
        (Cancel(1),),
        (Work(), Cancel(1)),
        (Elapse(A_MINUTE), Work(), Work(), Cancel(1)),
        (Authenticate(1, approved=True),),
        (Authenticate(1, approved=False), Elapse(A_MINUTE), Work()),
        (Elapse(HOLD_SECONDS), Work()),
        (Elapse(HOLD_SECONDS),),
    ]
)
A_FEW_MINUTES = (Elapse(A_MINUTE), Work()) * 3
SOME_HOURS = (Elapse(HOLD_SECONDS), Work()) * 4
"""Within these, everything must have come to its end."""


def test_whatever_fails_a_card_is_charged_once_or_not_at_all(
    twins: Lockstep, effort: Effort
) -> None:
    @given(scene=scenes, wish=wishes, course=courses, moment=st.integers(0, 999))
    def check(scene: Scene, wish: ByCard, course: Sequence[Deed], moment: int) -> None:
        token = set_scene(twins, scene)[ADAS]
        story = (wish, *course, wish, *A_FEW_MINUTES)
        well, ill = Calls(also_answers=True), Calls(also_answers=True)
        with watched(twins.shops[TOGETHER], well):
            twins.one(TOGETHER, lambda shop: _live(shop, token, story))
        assume(well.made > 0)

        ill.fails_at = 1 + moment % well.made
        with watched(twins.shops[APART], ill):
            heard = twins.one(APART, lambda shop: _live(shop, token, story))
        twins.each(lambda shop: _live(shop, token, SOME_HOURS))

        _require_rest(twins)
        last = twins.one(APART, lambda shop: _ask_again(shop, wish))
        for answer in heard:
            assert answer.get("status") == "pending" or _as_first(answer) == _as_first(last)

    effort.spend(check)


async def _live(shop: Shop, token: int | None, story: Sequence[Deed]) -> list[Outcome]:
    """Do these deeds; do again what has failed, as people and workers do.

    Return what was answered to those that asked for a card.
    """
    heard: list[Outcome] = []
    for deed in story:
        try:
            outcome = await shop.do(token, deed)
        except Fault:
            outcome = await shop.do(token, deed)
        if isinstance(deed, ByCard):
            heard.append(outcome)
    return heard


async def _ask_again(shop: Shop, wish: ByCard) -> Outcome:
    issued = (await shop.do(None, SignIn(ADA, PASSWORD)))["issued"]
    assert isinstance(issued, int)
    return await shop.do(issued, wish)


def _as_first(answer: Outcome) -> Outcome:
    return {name: fact for name, fact in answer.items() if name != "replayed"}


def _require_rest(twins: Lockstep) -> None:
    assert twins.each(lambda shop: shop.findings()) == {TOGETHER: [], APART: []}
    stock = twins.each(lambda shop: shop.look())
    for each in stock.values():
        assert (each.jobs, each.misfits) == ([], [])
    well, ill = stock[TOGETHER].stored, stock[APART].stored
    # Who cancels may come before a card that is asked again; all else ends alike.
    if "cancelled" not in str(ill["orders"]):
        for part in ("orders", "deposits", "balances", "wares"):
            assert ill[part] == well[part]
