"""Each queued order is answered once, whatever fails."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st

from shop.adapters.memory.engine.database import MemoryDatabase
from shop.application.checkout.checked_details import DetailsChecks
from shop.application.checkout.checkout import Checkout, CompletionQueue
from shop.application.checkout.placed_order import PlacedOrder
from shop.application.checkout.placement_batch import PlaceOrder
from shop.application.idempotency.results import CommandResult
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import (
    CommitOutcomeUnknown,
    DatabaseUnavailable,
    TransactionConflict,
    TransientFailure,
)
from shop.application.transactions.group_commit import GroupCommit
from shop.domain.orders.order import OrderStatus
from shop.domain.payment import PaymentMethod
from shop.domain.shared.errors import ShopError
from tests.application.memory_shop import PENDING_PAYMENT_SECONDS, MemoryShop, place_order
from tests.clock import FakeClock
from tests.doubles import SequentialIds
from tests.effort import EFFORT
from tests.factories import NOW, key_of
from tests.timeouts import TEST_TIMEOUT_SECONDS

CUSTOMERS, KEYS, SKUS = ("ada", "bob"), ("key-0001", "key-0002", "key-0003"), ("TEA", "CUP")
CARDS = (None, "tok_visa", "tok_visa", "tok_declined", "tok_timeout_after")
STOCK = {"TEA": 5, "CUP": 2}
MAX_WORKER_RUNS = 4
FAULTS = """
    enter sessions.lock idempotency_keys.claim orders.add orders.lock orders.save commit committed
""".split()


class Fault(Exception):
    """What no adapter is expected to raise."""


@dataclass(frozen=True, slots=True)
class QueuedOrder:
    """An order that a client sends; an impatient client disconnects after some turns of the loop.

    Without a card, the account pays.
    """

    customer: str
    key: str
    sku: str
    card: str | None
    timeout: int | None

    @property
    def name(self) -> tuple[str, str]:
        return self.customer, self.key


queued_orders = st.builds(
    QueuedOrder,
    st.sampled_from(CUSTOMERS),
    st.sampled_from(KEYS),
    st.sampled_from(SKUS),
    st.sampled_from(CARDS),
    st.none() | st.none() | st.integers(0, 40),
)
faults = st.tuples(
    st.sampled_from(FAULTS),
    st.sampled_from(
        [TransactionConflict, TransientFailure, DatabaseUnavailable, CommitOutcomeUnknown, Fault]
    ),
).filter(
    # Only a COMMIT leaves one in doubt, and what has happened can be nothing else than doubtful.
    lambda mishap: (
        (mishap[1] is CommitOutcomeUnknown) == mishap[0].startswith("commit")
        or (mishap[0] == "commit" and mishap[1] is not Fault)
    )
)

# The statements after a lost COMMIT response are the likeliest to lead to a wrong response.
troubles = st.just(("committed", CommitOutcomeUnknown)) | faults

Response = PlacedOrder | BaseException
"""An order, a rejection, or the error without either."""


@given(
    st.lists(queued_orders, min_size=1, max_size=12),
    st.lists(troubles, max_size=6),
    st.sampled_from([1, 2]),
)
# The completion is committed and its answer lost, then the database is gone: the order is paid, and
# the customer must not hear that nothing was changed.
@example(
    [QueuedOrder("ada", "key-0001", "TEA", "tok_visa", None)],
    [
        ("never", DatabaseUnavailable),
        ("committed", CommitOutcomeUnknown),
        ("never", DatabaseUnavailable),
        ("idempotency_keys.claim", DatabaseUnavailable),
    ],
    1,
)
def _run_queue(
    queue: Sequence[QueuedOrder], planned: Sequence[tuple[str, type]], at_once: int
) -> None:
    with asyncio.Runner() as runner:
        runner.run(_check(queue, planned, at_once))


def test_each_queued_order_is_answered_once_whatever_fails(profile: settings) -> None:
    budget = settings(profile, max_examples=EFFORT.queues)
    budget(_run_queue)()


async def _check(
    queue: Sequence[QueuedOrder], planned: Sequence[tuple[str, type]], at_once: int
) -> None:
    shop, tokens = await _open_shop()
    shop.faults.plan(*[(call, failure(f"at {call}")) for call, failure in planned])

    responses = await _send(shop, tokens, queue, at_once)

    assert await shop.audit_violations() == []
    sent: dict[tuple[str, str], list[Response]] = {}
    for request, response in zip(queue, responses, strict=True):
        sent.setdefault(request.name, []).append(response)
    for name, heard in sent.items():
        _assert_response_is_true(shop, name, heard)

    shop.faults.clear()
    again = await _send(shop, tokens, [replace(each, timeout=None) for each in queue], at_once)

    assert await shop.audit_violations() == []
    bought = [each.idempotency_key for each in shop.state.orders.rows.values()]
    assert len(bought) == len(set(bought))
    for first, second in zip(responses, again, strict=True):
        assert isinstance(second, PlacedOrder | ShopError), second
        if _is_final(first):
            assert second == first or _same_order(first, second)
    await _assert_idle(shop)


async def _assert_idle(shop: MemoryShop) -> None:
    """Require that the gateway has taken the money of what is paid, once, and of nothing else."""
    for _ in range(MAX_WORKER_RUNS):
        shop.clock.advance(timedelta(seconds=PENDING_PAYMENT_SECONDS))
        await shop.run_jobs()
    assert shop.jobs == []
    assert await shop.audit_violations() == []
    payments = [each async for each in shop.gateway.list_payments(NOW, NOW + timedelta(days=1))]
    references = [each.reference for each in payments]
    assert len(references) == len(set(references))
    paid = {
        each.id
        for each in shop.state.orders.rows.values()
        if each.payment_method is PaymentMethod.CARD and each.status is OrderStatus.PAID
    }
    assert {each.reference for each in payments if each.is_captured} == paid


def _assert_response_is_true(
    shop: MemoryShop, name: tuple[str, str], responses: Sequence[Response]
) -> None:
    """Require that what was said of a key is what is stored."""
    customer, key = name
    owner = shop.user(customer)
    stored = [
        each
        for each in shop.state.orders.rows.values()
        if each.idempotency_key == key_of(owner, key)
    ]
    placed = {response.order.id for response in responses if isinstance(response, PlacedOrder)}
    assert len(stored) <= 1
    assert placed <= {order.id for order in stored}
    if all(isinstance(answer, DatabaseUnavailable | Fault) for answer in responses):
        # Every response said that nothing was decided.
        assert [order.status for order in stored] in ([], [OrderStatus.PENDING])
        assert shop.outcome(customer, key) is None


def _is_final(response: Response) -> bool:
    if isinstance(response, PlacedOrder):
        return response.order.status is not OrderStatus.PENDING
    return isinstance(response, ShopError) and response.is_final


def _same_order(first: Response, second: Response) -> bool:
    return (
        isinstance(first, PlacedOrder)
        and isinstance(second, PlacedOrder)
        and (first.order, first.payment) == (second.order, second.payment)
    )


async def _open_shop() -> tuple[MemoryShop, Mapping[str, SessionToken]]:
    # The orders are more than a customer's limits allow.
    shop = MemoryShop(
        FakeClock(NOW),
        MemoryDatabase(),
        SequentialIds(),
        rate_limits="off",
        pending_orders_per_customer=1_000,
    )
    await shop.add_products(await shop.admin(), **STOCK)
    return shop, {name: await shop.customer(name) for name in CUSTOMERS}


async def _send(
    shop: MemoryShop, tokens: Mapping[str, SessionToken], queue: Sequence[QueuedOrder], at_once: int
) -> Sequence[Response]:
    """Send all concurrently; return the response to each."""
    placing = GroupCommit(shop.container.place_orders().place, max_concurrent_groups=at_once)
    finishing: CompletionQueue = GroupCommit(
        shop.container.complete_orders().complete, max_concurrent_groups=at_once
    )
    checkout = Checkout(
        placing,
        finishing,
        shop.container.card_payments(),
        shop.container.customer_actions(),
        DetailsChecks(shop.container.address_checks()),
        shop.container.limited_order_codes(),
    )
    tasks = [asyncio.create_task(checkout.place(_command(tokens, request))) for request in queue]
    for turn in range(41):
        for request, task in zip(queue, tasks, strict=True):
            if request.timeout == turn:
                task.cancel()
        await asyncio.sleep(0)
    async with asyncio.timeout(TEST_TIMEOUT_SECONDS):
        responses = await asyncio.gather(*tasks, return_exceptions=True)
        await placing.drain()
        await finishing.drain()
        await shop.container.transaction_runner().drain()
    return [each.value if isinstance(each, CommandResult) else each for each in responses]


def _command(tokens: Mapping[str, SessionToken], request: QueuedOrder) -> PlaceOrder:
    return place_order(
        tokens[request.customer], (request.sku, 1), key=request.key, card=request.card
    )
