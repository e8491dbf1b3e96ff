"""The check of histories finds what a shop must not do, and nothing else."""

from collections.abc import Iterator, Sequence
from itertools import chain, combinations, permutations

import pytest
from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from tests.effort import EFFORT
from tests.histories.linearizability import Operation, find_violation
from tests.histories.objects import Give, Outcome, Quantity, Read, Request, Take

History = Sequence[Operation[Request]]


def took(begin: int, end: int | None, number: int = 1) -> Operation[Request]:
    return Operation(request=Take(number), begin=begin, end=end, answer=Outcome.DONE)


def rejected(begin: int, end: int, number: int = 1) -> Operation[Request]:
    return Operation(request=Take(number), begin=begin, end=end, answer=Outcome.TOO_FEW)


def gave(begin: int, end: int | None, number: int = 1) -> Operation[Request]:
    return Operation(request=Give(number), begin=begin, end=end, answer=Outcome.DONE)


def saw(number: int, begin: int, end: int) -> Operation[Request]:
    return Operation(request=Read(), begin=begin, end=end, answer=number)


RIGHT: dict[str, tuple[int, History]] = {
    "nothing happens": (0, []),
    "one after the other": (2, [took(0, 1), saw(1, 2, 3), took(4, 5), rejected(6, 7)]),
    "one of two at once gets the last": (1, [took(0, 9), rejected(1, 8)]),
    "the later of two is first": (1, [rejected(0, 5), took(1, 4)]),
    "a reader sees either state": (1, [took(0, 9), saw(1, 1, 3), saw(0, 4, 6)]),
    "an order without an answer has happened": (1, [took(0, None), saw(0, 1, 2)]),
    "an order without an answer has not happened": (1, [took(0, None), saw(1, 5, 6)]),
    "an order without an answer happens late": (
        1,
        [took(0, None), saw(1, 1, 2), saw(0, 3, 4), rejected(5, 6)],
    ),
    "a cancellation without an answer gives back": (0, [gave(0, None), took(1, 2)]),
    "what is cancelled is bought again": (1, [took(0, 1), gave(2, 5), took(3, 4)]),
    "two that touch overlap": (0, [took(0, 3), gave(3, 5)]),
    "many are too few, one is not": (2, [rejected(0, 5, 3), took(1, 4, 2)]),
}

WRONG: dict[str, tuple[int, History]] = {
    "lost update": (5, [took(0, 3), took(1, 2), saw(4, 4, 5)]),
    "oversold": (1, [took(0, 9), took(1, 8)]),
    "double use of one order": (9, [took(0, 1), saw(7, 2, 3)]),
    "stale read": (3, [took(0, 1), saw(3, 2, 3), saw(2, 4, 5)]),
    "a reader goes back in time": (1, [took(0, 9), saw(0, 1, 2), saw(1, 3, 4)]),
    "phantom answer": (3, [took(0, 1), saw(3, 2, 3)]),
    "rejected though there is enough": (2, [rejected(0, 1)]),
    "rejected, and yet taken": (2, [rejected(0, 1, 5), saw(0, 2, 3)]),
    "given back twice": (0, [gave(0, 1), saw(2, 2, 3)]),
    "taken before it is given": (0, [took(0, 1), gave(2, 3)]),
    "without an answer, happened twice": (5, [took(0, None), saw(4, 1, 2), saw(3, 3, 4)]),
    "without an answer, happened and was undone": (5, [took(0, None), saw(4, 1, 2), saw(5, 3, 4)]),
    "without an answer, happened before it was sent": (5, [saw(4, 0, 1), took(2, None)]),
}


@pytest.mark.parametrize(("initial", "history"), RIGHT.values(), ids=RIGHT)
def test_right_history_is_explained(initial: int, history: History) -> None:
    assert find_violation(history, Quantity(initial)) is None


@pytest.mark.parametrize(("initial", "history"), WRONG.values(), ids=WRONG)
def test_wrong_history_is_found(initial: int, history: History) -> None:
    assert find_violation(history, Quantity(initial)) is not None


def test_violation_names_the_answers_that_nothing_explains() -> None:
    before, wrong, after = took(0, 1), saw(3, 2, 4), saw(2, 6, 7)

    violation = find_violation([after, before, wrong], Quantity(3))

    assert violation is not None
    assert violation.explained == [before]
    assert violation.unexplained == [wrong]
    assert str(wrong) in str(violation)


def test_a_wrong_answer_among_thousands_by_twelve_clients_is_found() -> None:
    right = [took(begin, begin + 12) for begin in range(3_000)]
    assert find_violation(right, Quantity(3_000)) is None
    assert find_violation([*right, saw(1, 3_100, 3_101)], Quantity(3_000)) is not None
    assert find_violation(right, Quantity(2_999)) is not None


OPERATIONS = st.builds(
    lambda request, begin, length, answer, is_answered: Operation(
        request=request, begin=begin, end=begin + length if is_answered else None, answer=answer
    ),
    st.sampled_from([Take(1), Take(2), Give(1), Read()]),
    st.integers(0, 6),
    st.integers(0, 4),
    st.sampled_from([Outcome.DONE, Outcome.DONE, Outcome.TOO_FEW, 0, 1, 2]),
    st.sampled_from([True, True, True, False]),
)


def possible(operation: Operation[Request]) -> bool:
    """Check that the answer is one to the request, so that many histories are right."""
    return isinstance(operation.request, Read) == isinstance(operation.answer, int) and not (
        isinstance(operation.request, Give) and operation.answer == Outcome.TOO_FEW
    )


def is_right(history: History, initial: int) -> bool:
    """Try every sequence of all answered operations and of any others."""
    answered = [each for each in history if each.end is not None]
    unanswered = [each for each in history if each.end is None]
    chosen = chain.from_iterable(
        combinations(unanswered, number) for number in range(len(unanswered) + 1)
    )
    return any(
        explains(sequence, initial)
        for some in chosen
        for sequence in permutations([*answered, *some])
    )


def explains(sequence: History, initial: int) -> bool:
    pairs: Iterator[tuple[Operation[Request], Operation[Request]]] = combinations(sequence, 2)
    if any(late.end is not None and late.end < early.begin for early, late in pairs):
        return False
    sequential = Quantity(initial)
    state = initial
    for each in sequence:
        state, answer = sequential.step(state, each.request)
        if each.end is not None and answer != each.answer:
            return False
    return True


@settings(EFFORT.profile, max_examples=EFFORT.small_histories)
@example(initial=1, history=[took(0, 3), took(1, None), saw(0, 2, 2), gave(4, 4), saw(0, 5, 6)])
@given(initial=st.integers(0, 3), history=st.lists(OPERATIONS.filter(possible), max_size=5))
def test_check_finds_what_trying_every_sequence_finds(
    initial: int, history: list[Operation[Request]]
) -> None:
    right = is_right(history, initial)
    event(f"the history is right: {right}")

    assert (find_violation(history, Quantity(initial)) is None) == right
