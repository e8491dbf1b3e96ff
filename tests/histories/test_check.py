"""The check of a run finds answers that are not true, orders that no client has sent, and more."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from tests.histories.check import (
    CANCEL,
    PLACE,
    READ,
    EndState,
    StoredOrder,
    find_errors,
    stock_of,
    uses_of,
)
from tests.histories.objects import Give, Quantity, Read, Request, Take
from tests.histories.recorder import Call

TEA, HALF = stock_of("TEA"), uses_of("HALF")
OBJECTS = {TEA: Quantity(2), HALF: Quantity(1)}
ORDER = StoredOrder(id="1", status="paid", total=100)
CANCELLED = StoredOrder(id="1", status="cancelled", total=100)
BOTH: dict[str, Request] = {TEA: Take(), HALF: Take()}
ONLY_TEA: dict[str, Request] = {TEA: Take()}


def call(
    operation: str,
    key: str,
    asks: dict[str, Request],
    at: int,
    code: int | None = None,
    **body: Any,  # noqa: ANN401  JSON.
) -> Call:
    return Call(
        client="ada",
        operation=operation,
        key=key,
        asks=asks,
        begin=at,
        end=None if code is None else at + 5,
        status=code,
        text=json.dumps(body),
    )


def placed(
    key: str, at: int, asks: dict[str, Request] = BOTH, *, order: str = "1", total: int = 100
) -> Call:
    return call(PLACE, key, asks, at, 201, id=order, total={"amount": total}, status="paid")


def unanswered(key: str, at: int, asks: dict[str, Request] = BOTH) -> Call:
    return call(PLACE, key, asks, at)


def problem(key: str, at: int, code: str, status: int = 409, **members: object) -> Call:
    return call(PLACE, key, BOTH, at, status, type=f"/problems/{code}", **members)


def sold_out(key: str, at: int) -> Call:
    return problem(key, at, "out-of-stock", lines=[{"sku": "TEA", "requested": 1, "available": 0}])


def cancelled(at: int, status: str = "cancelled") -> Call:
    return call(CANCEL, "c", {TEA: Give(), HALF: Give()}, at, 200, id="1", status=status)


def seen(available: int, at: int) -> Call:
    return call(READ, "", {TEA: Read()}, at, 200, available=available)


def end(orders: dict[str, StoredOrder], tea: int, half: int) -> EndState:
    return EndState(orders=orders, quantities={TEA: tea, HALF: half})


NOTHING = end({}, 2, 1)
ONE = end({"a": ORDER}, 1, 0)

RIGHT: dict[str, tuple[Sequence[Call], EndState]] = {
    "nothing": ([], NOTHING),
    "an order": ([placed("a", 0)], ONE),
    "an order that is replayed": ([placed("a", 0), placed("a", 10)], ONE),
    "an order whose answer was lost": ([unanswered("a", 0), placed("a", 10)], ONE),
    "an order that was never answered, stored": ([unanswered("a", 0)], ONE),
    "an order that was never answered, not stored": ([unanswered("a", 0), seen(2, 10)], NOTHING),
    "an error that decides nothing": (
        [problem("a", 0, "service-unavailable", 503), placed("a", 10)],
        ONE,
    ),
    "an order whose answer was lost, seen before its replay": (
        [unanswered("a", 0), seen(1, 10), placed("a", 20)],
        ONE,
    ),
    "a used code": (
        [placed("a", 0), problem("b", 10, "code-used-up", codes=["HALF"]), seen(1, 20)],
        ONE,
    ),
    "a rejection that says nothing of stock": ([problem("a", 0, "insufficient-funds")], NOTHING),
    "sold out": (
        [placed("a", 0, {TEA: Take(2)}), sold_out("b", 10)],
        end({"a": ORDER}, 0, 1),
    ),
    "a cancellation": ([placed("a", 0), cancelled(10)], end({"a": CANCELLED}, 2, 1)),
    "a cancellation that was not answered": (
        [placed("a", 0), call(CANCEL, "c", {TEA: Give(), HALF: Give()}, 10)],
        end({"a": CANCELLED}, 2, 1),
    ),
}

WRONG: dict[str, tuple[Sequence[Call], EndState, str]] = {
    "an order that cannot be found": (
        [call(CANCEL, "c", {TEA: Give()}, 0, 404, type="/problems/order-not-found")],
        NOTHING,
        "cancel order (c) was answered with 404",
    ),
    "lost order": ([placed("a", 0)], NOTHING, "a was acknowledged as 1, and is not stored"),
    "phantom order": ([], ONE, "a is stored, and no client has sent it"),
    "stored with another price": ([placed("a", 0, total=99)], ONE, "and is stored as"),
    "stored as another order": ([placed("a", 0, order="2")], ONE, "and is stored as"),
    "rejected, and yet stored": (
        [problem("a", 0, "insufficient-funds")],
        ONE,
        "a was rejected (insufficient-funds), and yet is stored",
    ),
    "two answers to one key": (
        [placed("a", 0), placed("a", 10, order="2")],
        ONE,
        "a was answered differently",
    ),
    "rejected after it was accepted": (
        [placed("a", 0), sold_out("a", 10)],
        ONE,
        "a was answered differently",
    ),
    "never paid": (
        [placed("a", 0)],
        end({"a": StoredOrder(id="1", status="pending", total=100)}, 1, 0),
        "a was acknowledged, and is pending",
    ),
    "lost cancellation": (
        [placed("a", 0), cancelled(10)],
        end({"a": ORDER}, 2, 1),
        "a was acknowledged as cancelled, and is paid",
    ),
    "cancelled, and yet paid": (
        [placed("a", 0), cancelled(10, status="paid")],
        end({"a": CANCELLED}, 2, 1),
        "c cancelled an order that is paid",
    ),
    "taken twice": ([placed("a", 0)], end({"a": ORDER}, 0, 0), "stock of TEA cannot"),
    "lost update": (
        [placed("a", 0, ONLY_TEA), placed("b", 1, ONLY_TEA, order="2")],
        end({"a": ORDER, "b": StoredOrder(id="2", status="paid", total=100)}, 1, 1),
        "stock of TEA cannot",
    ),
    "code used twice": (
        [placed("a", 0), placed("b", 1, order="2")],
        end({"a": ORDER, "b": StoredOrder(id="2", status="paid", total=100)}, 0, 0),
        "uses of HALF cannot",
    ),
    "sold out though it was not": ([sold_out("a", 0)], NOTHING, "stock of TEA cannot"),
    "stale read": ([placed("a", 0), seen(2, 10)], ONE, "stock of TEA cannot"),
    "given back twice": (
        [placed("a", 0), cancelled(10), cancelled(20)],
        end({"a": CANCELLED}, 3, 1),
        "stock of TEA cannot",
    ),
}


@pytest.mark.parametrize(("calls", "state"), RIGHT.values(), ids=RIGHT)
def test_right_run_has_no_errors(calls: Sequence[Call], state: EndState) -> None:
    assert find_errors(calls, OBJECTS, state) == []


@pytest.mark.parametrize(("calls", "state", "error"), WRONG.values(), ids=WRONG)
def test_error_of_a_run_is_named(calls: Sequence[Call], state: EndState, error: str) -> None:
    errors = find_errors(calls, OBJECTS, state)

    assert [each for each in errors if error in each]
