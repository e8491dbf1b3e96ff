"""Random histories have the outcomes of the model, on every storage."""

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

from tests.effort import EFFORT
from tests.property.actions import (
    SKUS,
    Action,
    AdjustStock,
    AdvanceClock,
    Cancel,
    Card,
    CardAction,
    Credit,
    DeliverGatewayEvent,
    Deposit,
    EndPromotion,
    GatewayOutage,
    GrantRole,
    KeyedAction,
    Line,
    Order,
    PurgeKeys,
    PurgeSessions,
    PutIntoCart,
    PutProduct,
    PutPromotion,
    ResolveSession,
    RunJobs,
    SignIn,
    SignUp,
)
from tests.property.differential import DifferentialRunner
from tests.property.model.model import Model
from tests.property.model.state import ABSOLUTE_SECONDS, IDLE_SECONDS, PENDING_PAYMENT_SECONDS
from tests.property.mutations import with_changed_details, with_concurrent_actions
from tests.property.profiles import Budget
from tests.property.strategies import (
    ADA,
    BOB,
    PASSWORD,
    ROOT,
    CancelOwn,
    CardChoice,
    ChangeDetails,
    DepositMoney,
    OrderCart,
    OrderLines,
    Repeat,
    RepeatElsewhere,
    Repetition,
    ReuseKey,
    Step,
    WorkAndCancel,
    promotions,
    steps,
)
from tests.property.system.backends import ShopFactory
from tests.property.system.stored_state import StoredState
from tests.property.system.system_under_test import ShopUnderTest

OFFICE, ADA_BROWSER, BOB_BROWSER, KIOSK = "office", "adas", "bobs", "kiosk"

MUST_HAPPEN = frozenset(
    """
    done replayed empty-cart out-of-stock insufficient-funds price-changed product-not-found
    not-for-sale
    idempotency-key-reused not-signed-in session-expired card-declined
    paid declined expired cancelled
    FEW-used-up ONCE-used-up code-not-found code-not-applicable
    discounted free given-back-by-declined given-back-by-expired given-back-by-cancelled
    """.split()
)
"""Outcomes of orders that the histories must contain to be meaningful."""

MAX_WORKER_RUNS = 20
"""The most runs that workers need after an outage."""

T = TypeVar("T")

browsers = st.sampled_from([ADA_BROWSER, ADA_BROWSER, BOB_BROWSER, BOB_BROWSER, KIOSK, OFFICE])
stocks = st.sampled_from([20, 30, 20, 8, 1])


class Histories(RuleBasedStateMachine):
    """Four browsers, an admin and up to three customers, in three shops and their model."""

    lockstep: ClassVar[DifferentialRunner]
    happened: ClassVar[Counter[str]]
    steps_per_audit: ClassVar[int]

    def __init__(self) -> None:
        super().__init__()
        self.lockstep.reset()
        self.model = Model()
        self.holds: dict[str, int | None] = dict.fromkeys([OFFICE, ADA_BROWSER, BOB_BROWSER, KIOSK])
        self.sent: list[tuple[str, KeyedAction]] = []
        self.buyers: list[str] = []
        """The browsers in which the orders were placed."""
        self.steps = 0
        self.is_well = False

    @initialize(stock=st.tuples(stocks, stocks), promoted=promotions)
    def open(self, stock: tuple[int, int], promoted: Sequence[PutPromotion]) -> None:
        self.do(OFFICE, SignUp(ROOT, PASSWORD))
        self.do(OFFICE, GrantRole(ROOT))
        self.do(OFFICE, ResolveSession())
        for sku, quantity, price in zip(SKUS, stock, (130, 40), strict=False):
            self.do(OFFICE, PutProduct(sku, price, active=True))
            if quantity:
                self.do(OFFICE, AdjustStock(sku, quantity, "Delivery"))
        for each in promoted:
            self.do(OFFICE, each)
        self.do(ADA_BROWSER, SignUp(ADA, PASSWORD))
        self.do(BOB_BROWSER, SignUp(BOB, PASSWORD))

    # One rule for all: hypothesis would leave out half of many, and most orders with them.
    @rule(browser=browsers, turn=steps)
    def take_step(self, browser: str, turn: Step) -> None:
        self.is_well = False
        match turn:
            case OrderLines() | OrderCart():
                self.order(browser, turn)
            case DepositMoney():
                deposit = Deposit("", turn.amount, Card(turn.card.token, turn.card.script, ()))
                self.send(browser, deposit, turn.card)
            case DeliverGatewayEvent():
                self.do(KIOSK, replace(turn, order=self.any_order(turn.order)))
            case Repeat() | RepeatElsewhere() | ReuseKey() | ChangeDetails():
                self.repeat(browser, turn)
            case AdvanceClock():
                self.wait(turn.seconds)
            case CancelOwn() | WorkAndCancel() if self.buyers:
                order = turn.number % len(self.buyers)
                work = RunJobs(meanwhile=(Cancel(order), RunJobs()))
                self.do(self.buyers[order], Cancel(order) if isinstance(turn, CancelOwn) else work)
            case CancelOwn() | WorkAndCancel():
                pass
            case Cancel():
                self.do(browser, Cancel(self.any_order(turn.order)))
            case PutProduct() | AdjustStock() | Credit() | PutPromotion() | EndPromotion() if (
                browser != KIOSK
            ):
                self.send(OFFICE, turn)
            case _:
                self.send(browser, turn)

    def any_order(self, number: int) -> int:
        """Return one of the orders, or the number of one that does not exist."""
        return number % (len(self.model.orders) + 1)

    @invariant()
    def the_audit_finds_nothing_between_steps(self) -> None:
        self.steps += 1
        if self.steps % self.steps_per_audit == 0:
            self.require_clean_audit()
        self.is_well = True

    def require_clean_audit(self) -> None:
        for name, findings in self.lockstep.run_in_all(
            lambda shop: shop.audit_violations()
        ).items():
            assert findings == [], name

    @invariant()
    def everything_is_stored_as_the_model_has_it(self) -> None:
        stock = self.read_states()
        assert stock.stored == self.model.stored()
        assert stock.mismatches == []

    def read_states(self) -> StoredState:
        for name, twice in self.lockstep.run_in_all(_calls_with_several_keys).items():
            assert twice == [], name
        return _assert_equal(self.lockstep.run_in_all(lambda shop: shop.read_state()))

    def teardown(self) -> None:
        if not self.is_well:
            return
        self.require_clean_audit()
        for order in self.model.orders:
            if order.by_card:
                self.happened[order.status] += 1
            if order.discounts:
                end = "discounted" if order.promotions else f"given-back-by-{order.status}"
                self.happened[end] += 1
            if order.amount == 0:
                self.happened["free"] += 1
        self.run_until_idle()

    def run_until_idle(self) -> None:
        """Let time pass and workers work until nothing is left to be done."""
        self.do(KIOSK, GatewayOutage(begins=False))
        self.lockstep.run_in_all(_clear_scripts)
        for _ in range(MAX_WORKER_RUNS):
            self.do(KIOSK, RunJobs())
            self.do(KIOSK, AdvanceClock(PENDING_PAYMENT_SECONDS))
            if not self.read_states().jobs:
                break
        self.everything_is_stored_as_the_model_has_it()
        self.require_clean_audit()
        assert self.read_states().jobs == []
        for charge in (*self.model.orders, *self.model.deposits):
            assert charge.payment not in {"pending", "authorised"}

    def order(self, browser: str, turn: OrderLines | OrderCart) -> None:
        lines: tuple[Line, ...] | None = None
        if isinstance(turn, OrderLines):
            lines = turn.lines
        elif turn.put is not None:
            self.do(browser, PutIntoCart(turn.put, 1))
        total = self.model.total(self.holds[browser], lines, turn.codes)
        shown = {"nothing": None, "the total": total, "another total": total + 1}[turn.shown]
        card = None if turn.card is None else Card(turn.card.token, turn.card.script, ())
        for _ in range(turn.times):
            self.send(browser, Order("", lines, shown, card, turn.codes), turn.card)

    def send(self, browser: str, action: Action, card: CardChoice | None = None) -> None:
        """Do it under a new key, if it is done under one."""
        if isinstance(action, KeyedAction):
            action = replace(action, key=f"key-{len(self.sent)}")
            if card is not None and isinstance(action, CardAction):
                action = with_concurrent_actions(action, card, len(self.model.orders))
            self.sent.append((browser, action))
        self.do(browser, action)

    def repeat(self, browser: str, turn: Repetition) -> None:
        if not self.sent:
            return
        sender, action = self.sent[turn.number % len(self.sent)]
        match turn:
            case Repeat():
                self.do(sender, action)
            case RepeatElsewhere():
                self.do(browser, action)
            case ReuseKey():
                _, other = self.sent[turn.other % len(self.sent)]
                self.do(sender, replace(other, key=action.key))
            case ChangeDetails():
                self.do(sender, with_changed_details(action))

    def wait(self, seconds: int) -> None:
        self.do(KIOSK, AdvanceClock(seconds))
        if seconds < IDLE_SECONDS:
            return
        for browser in (OFFICE, ADA_BROWSER, BOB_BROWSER):
            self.do(browser, Order("too late", None, None))
        if seconds != ABSOLUTE_SECONDS:
            self.do(KIOSK, PurgeSessions())
            self.do(KIOSK, PurgeKeys())
        for browser, email in ((OFFICE, ROOT), (ADA_BROWSER, ADA), (BOB_BROWSER, BOB)):
            self.do(browser, SignIn(email, PASSWORD))

    def do(self, browser: str, action: Action) -> None:
        token = self.holds[browser]
        seen = self.lockstep.run_in_all(lambda shop: shop.observe(token, action))
        observation = _assert_equal(seen)
        expected = self.model.execute(token, action, observation)
        assert observation.outcome == expected
        issued = expected.get("issued")
        if isinstance(issued, int):
            self.holds[browser] = issued
        if isinstance(action, Order):
            self.buyers += [browser] * (len(self.model.orders) - len(self.buyers))
            self.happened["replayed" if "replayed" in expected else _ending(expected)] += 1


def _assert_equal(found: dict[str, T]) -> T:
    """Return what was found in every shop."""
    first, *others = found.values()
    for each in others:
        assert each == first, list(found)
    return first


async def _calls_with_several_keys(shop: ShopUnderTest) -> Sequence[str]:
    return shop.gateway.calls_with_several_keys


async def _clear_scripts(shop: ShopUnderTest) -> None:
    shop.gateway.clear_scripts()


def _ending(outcome: dict[str, object]) -> str:
    match outcome:
        case {"rejected": "code-used-up", "codes": [code, *_]}:
            return f"{code}-used-up"
        case _:
            return str(outcome.get("rejected", "done"))


@pytest.fixture(scope="module")
def runners(new_shop: ShopFactory) -> Iterator[DifferentialRunner]:
    """Yield three shops, one on each storage."""
    with asyncio.Runner() as runner:
        lockstep = DifferentialRunner(runner)
        for storage in ("memory", "sqlite", "postgresql"):
            lockstep.open(storage, runner.run(new_shop(storage, "lockstep")))
        yield lockstep
        lockstep.close()


def test_every_history_matches_the_model(runners: DifferentialRunner, profile: settings) -> None:
    class HistoriesInLockstep(Histories):
        pass

    HistoriesInLockstep.lockstep = runners
    HistoriesInLockstep.happened = Counter()
    HistoriesInLockstep.steps_per_audit = EFFORT.steps_per_audit

    for seeded in Budget(profile=profile, batches=EFFORT.history_batches).seeds():
        run_state_machine_as_test(seeded(HistoriesInLockstep), settings=profile)

    assert HistoriesInLockstep.happened.keys() >= MUST_HAPPEN
