"""Whatever happens in a shop, in whatever order: it goes as the plain model says, everywhere."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import ClassVar, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tests.property.books import ABSOLUTE_SECONDS, HOLD_SECONDS, IDLE_SECONDS
from tests.property.deeds import (
    SKUS,
    ByCard,
    Cancel,
    Card,
    Count,
    Credit,
    Deed,
    Deposit,
    Elapse,
    Enter,
    Keyed,
    Line,
    Notify,
    Order,
    Outage,
    Promote,
    PutIntoCart,
    PutProduct,
    SignIn,
    SignUp,
    Sweep,
    SweepKeys,
    Work,
)
from tests.property.effort import Effort
from tests.property.lockstep import Lockstep
from tests.property.model import Model
from tests.property.rewordings import with_events, with_other_small_print
from tests.property.shops import Shop
from tests.property.stocktaking import Stock
from tests.property.storages import NewShop
from tests.property.strategies import (
    ADA,
    BOB,
    PASSWORD,
    ROOT,
    Again,
    AgainElsewhere,
    Buy,
    BuyCart,
    CancelOwn,
    OtherBody,
    PayIn,
    Repetition,
    SmallPrint,
    Tell,
    Turn,
    Wait,
    Wish,
    WorkAndCancel,
    turns,
)

OFFICE, ADAS, BOBS, KIOSK = "office", "adas", "bobs", "kiosk"

MUST_HAPPEN = frozenset(
    """
    done replayed empty-cart out-of-stock insufficient-funds price-changed product-not-found
    idempotency-key-reused not-signed-in session-expired card-declined
    paid declined expired cancelled
    """.split()
)
"""What becomes of orders; histories in which this does not happen prove little."""

MOST_WORK = 20
"""How often workers need to look after an outage, at most."""

T = TypeVar("T")

browsers = st.sampled_from([ADAS, ADAS, BOBS, BOBS, KIOSK, OFFICE])
stocks = st.sampled_from([20, 30, 20, 8, 1])


class Histories(RuleBasedStateMachine):
    """Four browsers, an admin and up to three customers, in three shops and their model."""

    lockstep: ClassVar[Lockstep]
    happened: ClassVar[Counter[str]]

    def __init__(self) -> None:
        super().__init__()
        self.lockstep.reset()
        self.model = Model()
        self.holds: dict[str, int | None] = dict.fromkeys([OFFICE, ADAS, BOBS, KIOSK])
        self.sent: list[tuple[str, Keyed]] = []
        self.buyers: list[str] = []
        """The browsers in which the orders were placed."""
        self.is_well = False

    @initialize(stock=st.tuples(stocks, stocks))
    def open(self, stock: tuple[int, int]) -> None:
        self.do(OFFICE, SignUp(ROOT, PASSWORD))
        self.do(OFFICE, Promote(ROOT))
        self.do(OFFICE, Enter())
        for sku, quantity, price in zip(SKUS, stock, (130, 40), strict=False):
            self.do(OFFICE, PutProduct(sku, price, active=True))
            if quantity:
                self.do(OFFICE, Count(sku, quantity, "Delivery"))
        self.do(ADAS, SignUp(ADA, PASSWORD))
        self.do(BOBS, SignUp(BOB, PASSWORD))

    # One rule for all: hypothesis would leave out half of many, and most orders with them.
    @rule(browser=browsers, turn=turns)
    def go_on(self, browser: str, turn: Turn) -> None:
        self.is_well = False
        match turn:
            case Buy() | BuyCart():
                self.buy(browser, turn)
            case PayIn():
                deposit = Deposit("", turn.amount, Card(turn.card.token, turn.card.fates, ()))
                self.send(browser, deposit, turn.card)
            case Tell():
                # One more than there are: an order that there is not.
                order = turn.number % (len(self.model.orders) + 1)
                self.do(KIOSK, Notify(order, turn.notice))
            case Again() | AgainElsewhere() | OtherBody() | SmallPrint():
                self.repeat(browser, turn)
            case Wait():
                self.wait(turn.seconds)
            case CancelOwn() | WorkAndCancel() if self.buyers:
                order = turn.number % len(self.buyers)
                work = Work(meanwhile=(Cancel(order), Work()))
                self.do(self.buyers[order], Cancel(order) if isinstance(turn, CancelOwn) else work)
            case CancelOwn() | WorkAndCancel():
                pass
            case Cancel():
                # One more than there are: an order that there is not.
                self.do(browser, Cancel(turn.order % (len(self.model.orders) + 1)))
            case PutProduct() | Count() | Credit() if browser != KIOSK:
                self.send(OFFICE, turn)
            case _:
                self.send(browser, turn)

    @invariant()
    def the_audit_finds_nothing(self) -> None:
        for name, findings in self.lockstep.each(lambda shop: shop.findings()).items():
            assert findings == [], name
        self.is_well = True

    @invariant()
    def everything_is_stored_as_the_model_has_it(self) -> None:
        stock = self.look()
        assert stock.stored == self.model.stored()
        assert stock.misfits == []

    def look(self) -> Stock:
        for name, twice in self.lockstep.each(_asked_twice).items():
            assert twice == [], name
        return _require_alike(self.lockstep.each(lambda shop: shop.look()))

    def teardown(self) -> None:
        if not self.is_well:
            return
        for order in self.model.orders:
            if order.by_card:
                self.happened[order.status] += 1
        self.come_to_rest()

    def come_to_rest(self) -> None:
        """Let time pass and workers work until nothing is left to be done."""
        self.do(KIOSK, Outage(begins=False))
        self.lockstep.each(_forget_fates)
        for _ in range(MOST_WORK):
            self.do(KIOSK, Work())
            self.do(KIOSK, Elapse(HOLD_SECONDS))
            if not self.look().jobs:
                break
        self.everything_is_stored_as_the_model_has_it()
        self.the_audit_finds_nothing()
        assert self.look().jobs == []
        for charge in (*self.model.orders, *self.model.deposits):
            assert charge.payment not in {"pending", "authorised"}

    def buy(self, browser: str, turn: Buy | BuyCart) -> None:
        lines: tuple[Line, ...] | None = None
        if isinstance(turn, Buy):
            lines = turn.lines
        elif turn.put is not None:
            self.do(browser, PutIntoCart(turn.put, 1))
        total = self.model.total(self.holds[browser], lines)
        shown = {"nothing": None, "the total": total, "another total": total + 1}[turn.shown]
        card = None if turn.card is None else Card(turn.card.token, turn.card.fates, ())
        self.send(browser, Order("", lines, shown, card), turn.card)

    def send(self, browser: str, deed: Deed, card: Wish | None = None) -> None:
        """Do it under a new key, if it is done under one."""
        if isinstance(deed, Keyed):
            deed = replace(deed, key=f"key-{len(self.sent)}")
            if card is not None and isinstance(deed, ByCard):
                deed = with_events(deed, card, len(self.model.orders))
            self.sent.append((browser, deed))
        self.do(browser, deed)

    def repeat(self, browser: str, turn: Repetition) -> None:
        if not self.sent:
            return
        sender, deed = self.sent[turn.number % len(self.sent)]
        match turn:
            case Again():
                self.do(sender, deed)
            case AgainElsewhere():
                self.do(browser, deed)
            case OtherBody():
                _, other = self.sent[turn.other % len(self.sent)]
                self.do(sender, replace(other, key=deed.key))
            case SmallPrint():
                self.do(sender, with_other_small_print(deed))

    def wait(self, seconds: int) -> None:
        self.do(KIOSK, Elapse(seconds))
        if seconds < IDLE_SECONDS:
            return
        for browser in (OFFICE, ADAS, BOBS):
            self.do(browser, Order("too late", None, None))
        if seconds != ABSOLUTE_SECONDS:
            self.do(KIOSK, Sweep())
            self.do(KIOSK, SweepKeys())
        for browser, email in ((OFFICE, ROOT), (ADAS, ADA), (BOBS, BOB)):
            self.do(browser, SignIn(email, PASSWORD))

    def do(self, browser: str, deed: Deed) -> None:
        token = self.holds[browser]
        seen = self.lockstep.each(lambda shop: shop.watch(token, deed))
        sighting = _require_alike(seen)
        expected = self.model.do(token, deed, sighting)
        assert sighting.outcome == expected
        issued = expected.get("issued")
        if isinstance(issued, int):
            self.holds[browser] = issued
        if isinstance(deed, Order):
            self.buyers += [browser] * (len(self.model.orders) - len(self.buyers))
            self.happened["replayed" if "replayed" in expected else _ending(expected)] += 1


def _require_alike(found: dict[str, T]) -> T:
    """Return what was found in every shop."""
    first, *others = found.values()
    for each in others:
        assert each == first, list(found)
    return first


async def _asked_twice(shop: Shop) -> Sequence[str]:
    return shop.gateway.asked_twice


async def _forget_fates(shop: Shop) -> None:
    shop.gateway.forget_fates()


def _ending(outcome: dict[str, object]) -> str:
    return str(outcome.get("refused", "done"))


@pytest.fixture(scope="module")
def lockstep(new_shop: NewShop) -> Iterator[Lockstep]:
    """Give three shops, one on each storage."""
    with asyncio.Runner() as runner:
        made = Lockstep(runner)
        for storage in ("memory", "sqlite", "postgresql"):
            made.open(storage, runner.run(new_shop(storage, "lockstep")))
        yield made
        made.close()


def test_every_history_goes_as_the_model_says(lockstep: Lockstep, profile: settings) -> None:
    class HistoriesInLockstep(Histories):
        pass

    HistoriesInLockstep.lockstep = lockstep
    HistoriesInLockstep.happened = Counter()

    for seeded in Effort(profile=profile, batches=4).seeds():
        run_state_machine_as_test(seeded(HistoriesInLockstep), settings=profile)

    assert HistoriesInLockstep.happened.keys() >= MUST_HAPPEN
