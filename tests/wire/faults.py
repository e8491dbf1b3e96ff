"""What becomes of a request that commits."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tests.wire.requests import Request

SERIALIZATION_FAILURE = "40001"
STATEMENT_COMPLETION_UNKNOWN = "40003"
READ_ONLY_TRANSACTION = "25006"
ADMIN_SHUTDOWN = "57P01"

DELAY_SECONDS = 0.05


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Whether it is done, after which time, and what is reported to the client."""

    is_done: bool
    delay_seconds: float = 0
    sqlstate: str | None = None
    """The error that the client gets instead of the answer."""
    is_cut: bool = False
    """Whether the connection is closed."""


FAULTS = {
    "cut before COMMIT": Fault(is_done=False, is_cut=True),
    "cut after COMMIT": Fault(is_done=True, is_cut=True),
    "delayed": Fault(is_done=True, delay_seconds=DELAY_SECONDS),
    "delayed, then cut": Fault(is_done=True, delay_seconds=DELAY_SECONDS, is_cut=True),
    "40001": Fault(is_done=False, sqlstate=SERIALIZATION_FAILURE),
    "40003, not done": Fault(is_done=False, sqlstate=STATEMENT_COMPLETION_UNKNOWN),
    "40003, done": Fault(is_done=True, sqlstate=STATEMENT_COMPLETION_UNKNOWN),
    "25006": Fault(is_done=False, sqlstate=READ_ONLY_TRANSACTION),
    "57P01 by a pooler": Fault(is_done=False, sqlstate=ADMIN_SHUTDOWN),
    "57P01 before COMMIT": Fault(is_done=False, sqlstate=ADMIN_SHUTDOWN, is_cut=True),
    "57P01 after COMMIT": Fault(is_done=True, sqlstate=ADMIN_SHUTDOWN, is_cut=True),
}
"""All that a server, a pooler or a network may do at COMMIT."""


class FaultChoice(Protocol):
    """Decides what becomes of the requests that commit."""

    def __call__(self, request: Request, /) -> Fault | None:
        """Return what becomes of it, or None if nothing disturbs it."""


def no_fault(_: Request) -> None:
    """Disturb nothing."""


class RandomFaults:
    """Disturbs some of the requests, each time otherwise, until it has done so often enough."""

    def __init__(self, seed: str, *, number: int, probability: float, names: Sequence[str]) -> None:
        self._random = random.Random(seed)
        self._left = number
        self._probability = probability
        self._names = names
        self.done: Counter[str] = Counter()
        """How often each was done, by its name."""

    @property
    def is_over(self) -> bool:
        """Whether all have been done."""
        return self._left == 0

    def __call__(self, _: Request, /) -> Fault | None:
        if self.is_over or self._random.random() >= self._probability:
            return None
        self._left -= 1
        # In turns, so that none is rare.
        name = self._names[self._left % len(self._names)]
        self.done[name] += 1
        return FAULTS[name]
