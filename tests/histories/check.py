"""Checks what a shop has answered against what it has stored, and its objects one by one.

- Everything acknowledged is stored as it was acknowledged, and nothing else is.
- All answers to one key are the same, and none is one that the requests never deserve.
- The stock of each product and the uses of each code could have changed one request at a time.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from tests.histories.linearizability import Operation, find_violation
from tests.histories.objects import Give, Outcome, Quantity, Read, Request
from tests.histories.recorder import Call

PLACE, CANCEL, READ = "place order", "cancel order", "read"

CHANGING_MEMBERS = {"status", "payment", "refunded", "shipped"}
"""The members of an order that a replay shows as they are now."""


@dataclass(frozen=True, kw_only=True)
class StoredOrder:
    """An order as the database has it at the end."""

    id: str
    status: str
    total: int


@dataclass(frozen=True, kw_only=True)
class EndState:
    """What the database has when nothing happens any more."""

    orders: Mapping[str, StoredOrder]
    """By idempotency key."""
    quantities: Mapping[str, int]
    """By the name of the object."""


def find_errors(
    calls: Iterable[Call], objects: Mapping[str, Quantity], end: EndState
) -> Sequence[str]:
    """Return everything in which the answers, the database and the objects disagree."""
    calls = list(calls)
    by_key: dict[str, list[Call]] = defaultdict(list)
    for each in calls:
        if each.key:
            by_key[each.key].append(each)
    return [
        *_unexpected_answers(calls),
        *_different_answers(by_key),
        *_untrue_answers(by_key, end.orders),
        *_unasked_orders(by_key, end.orders),
        *_impossible_histories(calls, by_key, objects, end),
    ]


def _unexpected_answers(calls: Iterable[Call]) -> Iterator[str]:
    for call in calls:
        if not call.is_decided and not call.is_open:
            yield f"{call.operation} ({call.key}) was answered with {call.status}: {call.text}"


def _different_answers(by_key: Mapping[str, Sequence[Call]]) -> Iterator[str]:
    for key, calls in by_key.items():
        answers = {(each.problem, str(_unchanging(each.body))) for each in calls if each.is_decided}
        if len(answers) > 1:
            yield f"{key} was answered differently: {sorted(answers)}"


def _unchanging(value: Any) -> Any:  # noqa: ANN401  JSON.
    if isinstance(value, dict):
        kept = value.keys() - CHANGING_MEMBERS
        return {name: _unchanging(value[name]) for name in sorted(kept)}
    if isinstance(value, list):
        return [_unchanging(each) for each in value]
    return value


def _untrue_answers(
    by_key: Mapping[str, Sequence[Call]], orders: Mapping[str, StoredOrder]
) -> Iterator[str]:
    decided = list(_decided(by_key))
    cancelled = [call for _, call in decided if call.operation == CANCEL and call.is_accepted]
    for call in cancelled:
        if call.body["status"] != "cancelled":
            yield f"{call.key} cancelled an order that is {call.body['status']}"
    ids = {call.body["id"] for call in cancelled}
    for key, call in decided:
        if call.operation == PLACE:
            error = _untruth(call, orders.get(key), ids)
            if error:
                yield f"{key} was {error}"


def _untruth(call: Call, stored: StoredOrder | None, cancelled: AbstractSet[str]) -> str | None:
    """Return what an order was answered, and is not."""
    if call.is_rejected:
        is_stored = f"rejected ({call.problem}), and yet is stored as {stored}"
        return None if stored is None else is_stored
    if stored is None:
        return f"acknowledged as {call.body['id']}, and is not stored"
    if (stored.id, stored.total) != (call.body["id"], call.body["total"]["amount"]):
        return f"acknowledged as {call.text}, and is stored as {stored}"
    if stored.id in cancelled and stored.status != "cancelled":
        return f"acknowledged as cancelled, and is {stored.status}"
    if stored.status not in {"paid", "cancelled"}:
        return f"acknowledged, and is {stored.status}"
    return None


def _unasked_orders(
    by_key: Mapping[str, Sequence[Call]], orders: Mapping[str, StoredOrder]
) -> Iterator[str]:
    for key in orders.keys() - by_key.keys():
        yield f"{key} is stored, and no client has sent it"


def _decided(by_key: Mapping[str, Sequence[Call]]) -> Iterator[tuple[str, Call]]:
    """Yield each key with its first answer that decides, if there was one."""
    for key, calls in by_key.items():
        answers = [each for each in calls if each.is_decided]
        if answers:
            yield key, min(answers, key=lambda each: each.end or 0)


def _impossible_histories(
    calls: Sequence[Call],
    by_key: Mapping[str, Sequence[Call]],
    objects: Mapping[str, Quantity],
    end: EndState,
) -> Iterator[str]:
    histories: dict[str, list[Operation[Request]]] = {name: [] for name in objects}
    for name, operation in _operations(calls, by_key, end.orders):
        histories[name].append(operation)
    last = max((each.end or each.begin for each in calls), default=0)
    for name, quantity in end.quantities.items():
        histories[name].append(
            Operation(request=Read(), begin=last + 1, end=last + 2, answer=quantity)
        )
    for name, history in histories.items():
        violation = find_violation(history, objects[name])
        if violation is not None:
            yield f"{name} cannot have changed one request at a time: {violation}"


def _operations(
    calls: Sequence[Call],
    by_key: Mapping[str, Sequence[Call]],
    orders: Mapping[str, StoredOrder],
) -> Iterator[tuple[str, Operation[Request]]]:
    """Yield what happened to each object; all calls under one key are one operation."""
    first_answers = dict(_decided(by_key))
    for key, attempts in by_key.items():
        begin = min(each.begin for each in attempts)
        answer = first_answers.get(key)
        if answer is None:
            if attempts[0].operation == PLACE and key not in orders:
                continue
            for name, request in attempts[0].asks.items():
                yield name, Operation(request=request, begin=begin, end=None)
            continue
        for name, request in answer.asks.items():
            outcome = _outcome(answer, name)
            if outcome is not None:
                yield (
                    name,
                    Operation(request=request, begin=begin, end=answer.end, answer=outcome),
                )
    for call in calls:
        if call.operation == READ and call.is_accepted:
            for name, request in call.asks.items():
                shown = call.body["available"]
                yield name, Operation(request=request, begin=call.begin, end=call.end, answer=shown)


def _outcome(call: Call, name: str) -> Outcome | None:
    """Return what an answer says of an object, or None if it says nothing."""
    if call.is_accepted:
        return Outcome.DONE
    short = {
        "out-of-stock": [stock_of(each["sku"]) for each in call.body.get("lines", ())],
        "code-used-up": [uses_of(each) for each in call.body.get("codes", ())],
    }
    is_short = name in short.get(call.problem, ()) and not isinstance(call.asks[name], Give)
    return Outcome.TOO_FEW if is_short else None


def stock_of(sku: str) -> str:
    """Return the name of a product's stock among the objects."""
    return f"stock of {sku}"


def uses_of(code: str) -> str:
    """Return the name of the uses that a code has left."""
    return f"uses of {code}"
