"""The objects of a shop whose histories are checked, as they are without concurrency."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What becomes of a request that takes or gives back a number of things."""

    DONE = "done"
    TOO_FEW = "too few"


@dataclass(frozen=True)
class Take:
    """Takes a number of things, or none if there are too few: an order."""

    number: int = 1


@dataclass(frozen=True)
class Give:
    """Adds a number of things: a delivery, or an order that is cancelled."""

    number: int = 1


@dataclass(frozen=True)
class Read:
    """Asks how many things are there."""


Request = Take | Give | Read


@dataclass(frozen=True)
class Quantity:
    """So many things, such as the stock of a product, or the uses that a code has left."""

    initial: int

    def step(self, state: int, request: Request, /) -> tuple[int, object]:
        match request:
            case Take(number) if number <= state:
                return state - number, Outcome.DONE
            case Take():
                return state, Outcome.TOO_FEW
            case Give(number):
                return state + number, Outcome.DONE
            case Read():
                return state, state
