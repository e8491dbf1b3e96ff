"""Checks whether operations on one object that overlap could have happened one after the other.

The algorithm is that of Wing and Gong ("Testing and verifying concurrent objects", 1993) with the
memory of Lowe ("Testing for linearizability", 2017): it tries the operations in any sequence that
their times allow, and tries none twice that has led to the same state. Two rules spare most tries:

- Of several operations with the same request and answer, the one that ends first comes first:
  in each sequence that explains the answers they can change places.
- What has its answer and changes nothing happens at once: no other operation depends on it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

S = TypeVar("S")
Q = TypeVar("Q")
Q_contra = TypeVar("Q_contra", contravariant=True)

NEVER = 1 << 64
"""The end of what is not answered."""


class SequentialObject(Protocol[S, Q_contra]):
    """What an object answers whose operations come one at a time; states can be hashed."""

    @property
    def initial(self) -> S:
        """The state before the first operation."""

    def step(self, state: S, request: Q_contra, /) -> tuple[S, object]:
        """Return the next state and the answer."""


@dataclass(frozen=True, kw_only=True)
class Operation(Generic[Q]):
    """A request with its answer, and when it was sent and answered.

    Without an end, it was never answered: it may have happened at any time since, or not at all.
    Requests and answers can be hashed.
    """

    request: Q
    begin: int
    end: int | None
    answer: object = None


@dataclass(frozen=True, kw_only=True)
class Violation(Generic[Q]):
    """The longest sequence that explains the answers, and the operations it could not go on to."""

    explained: Sequence[Operation[Q]]
    unexplained: Sequence[Operation[Q]]

    def __str__(self) -> str:
        shown = "\n  ".join(str(each) for each in self.unexplained)
        return f"after {len(self.explained)} operations, no sequence explains any of\n  {shown}"


def find_violation(
    history: Iterable[Operation[Q]], sequential: SequentialObject[S, Q]
) -> Violation[Q] | None:
    """Return None if the object could have given these answers, or why it could not.

    An operation happens at one moment from its begin to its end. Those that touch overlap.
    """
    return _Search(sorted(history, key=lambda each: each.begin), sequential).run()


@dataclass(frozen=True, slots=True)
class _Choice(Generic[S]):
    """An operation that can be next, and the state after it."""

    index: int
    state: S


class _Search(Generic[S, Q]):
    def __init__(self, history: Sequence[Operation[Q]], sequential: SequentialObject[S, Q]) -> None:
        self._history = history
        self._sequential = sequential
        self._ends = [NEVER if each.end is None else each.end for each in history]
        self._left = _Indices(len(history))
        self._answers_left = sum(each.end is not None for each in history)
        self._chosen: list[_Choice[S]] = []
        self._best: list[_Choice[S]] = []

    def run(self) -> Violation[Q] | None:
        taken = 0
        tried: set[tuple[int, S]] = set()
        choices = [iter(self._choices(self._sequential.initial))]
        while self._answers_left:
            choice = next(choices[-1], None)
            if choice is not None:
                key = taken | 1 << choice.index, choice.state
                if key not in tried:
                    tried.add(key)
                    taken |= 1 << choice.index
                    self._take(choice)
                    choices.append(iter(self._choices(choice.state)))
            elif self._chosen:
                choices.pop()
                taken ^= 1 << self._put_back().index
            else:
                return self._violation()
        return None

    def _choices(self, state: S) -> Sequence[_Choice[S]]:
        """Return what can be next: of each kind, the first to end."""
        choices = []
        for index in self._first_of_each_kind():
            operation = self._history[index]
            following, answer = self._sequential.step(state, operation.request)
            is_answered = operation.end is not None
            if is_answered and answer != operation.answer:
                continue
            if following != state:
                choices.append(_Choice(index, following))
            elif is_answered:
                return [_Choice(index, following)]
        return choices

    def _first_of_each_kind(self) -> Iterable[int]:
        first: dict[tuple[Q, object, bool], int] = {}
        for index in self._startable():
            operation = self._history[index]
            kind = operation.request, operation.answer, operation.end is None
            known = first.setdefault(kind, index)
            if self._ends[index] < self._ends[known]:
                first[kind] = index
        return first.values()

    def _startable(self) -> Iterator[int]:
        """Yield what has begun when the first of what is left ends."""
        first_end = NEVER
        for index in self._left:
            if self._history[index].begin > first_end:
                return
            first_end = min(first_end, self._ends[index])
            yield index

    def _take(self, choice: _Choice[S]) -> None:
        self._left.remove(choice.index)
        self._answers_left -= self._history[choice.index].end is not None
        self._chosen.append(choice)
        if len(self._chosen) > len(self._best):
            self._best = list(self._chosen)

    def _put_back(self) -> _Choice[S]:
        choice = self._chosen.pop()
        self._answers_left += self._history[choice.index].end is not None
        self._left.put_back(choice.index)
        return choice

    def _violation(self) -> Violation[Q]:
        for choice in self._best:
            self._left.remove(choice.index)
        history = self._history
        return Violation(
            explained=[history[each.index] for each in self._best],
            unexplained=[
                history[each] for each in self._startable() if history[each].end is not None
            ],
        )


class _Indices:
    """The numbers below a limit; those that were removed are put back last first."""

    def __init__(self, limit: int) -> None:
        # The last place stands for both ends.
        self._after = [*range(1, limit + 1), 0]
        self._before = [limit, *range(limit)]

    def __iter__(self) -> Iterator[int]:
        end = len(self._after) - 1
        index = self._after[end]
        while index != end:
            yield index
            index = self._after[index]

    def remove(self, index: int) -> None:
        before, after = self._before[index], self._after[index]
        self._after[before], self._before[after] = after, before

    def put_back(self, index: int) -> None:
        self._after[self._before[index]] = self._before[self._after[index]] = index
