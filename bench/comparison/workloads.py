"""The workloads that revisions are compared at."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from bench.databases import POSTGRESQL, SQLITE
from bench.load import Responses
from bench.workloads import (
    CARD,
    CART_AND_ORDER,
    READ_ORDER,
    READ_PRODUCTS,
    SINGLE_PRODUCT,
    SPREAD,
    Workload,
)

CLIENTS = 32


class Measure(Enum):
    """What is compared of a run, with its unit."""

    RATE = "per s"
    LATENCY = "p50 ms"

    def of(self, answers: Responses) -> float:
        """Return the measured value."""
        return answers.p50_ms if self is Measure.LATENCY else answers.done / answers.seconds

    def ratio(self, base: float, head: float) -> float:
        """Return how head compares with base: above 1, head is better."""
        return base / head if self is Measure.LATENCY else head / base


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedWorkload:
    """A workload, the database it runs on, and what is compared."""

    name: str
    requests: Workload
    engine: str = POSTGRESQL
    clients: int = CLIENTS
    measure: Measure = Measure.RATE
    needs_gateway: bool = False


WORKLOADS = {
    each.name: each
    for each in (
        ComparedWorkload(name="orders", requests=SPREAD),
        ComparedWorkload(name="single-product", requests=SINGLE_PRODUCT),
        ComparedWorkload(name="cart-and-order", requests=CART_AND_ORDER),
        ComparedWorkload(name="card-orders", requests=CARD, needs_gateway=True),
        ComparedWorkload(name="get-order", requests=READ_ORDER),
        ComparedWorkload(name="get-products", requests=READ_PRODUCTS),
        ComparedWorkload(name="one-client", requests=SPREAD, clients=1, measure=Measure.LATENCY),
        ComparedWorkload(name="orders-sqlite", requests=SPREAD, engine=SQLITE),
    )
}


def chosen(names: str) -> Sequence[ComparedWorkload]:
    """Return the workloads of these names, all of them for none; raise `ValueError` if unknown.

    Names are separated by blanks or commas.
    """
    wanted = list(dict.fromkeys(names.replace(",", " ").split())) or list(WORKLOADS)
    unknown = [name for name in wanted if name not in WORKLOADS]
    if unknown:
        raise ValueError(
            f"unknown workload: {', '.join(unknown)}; choose from {', '.join(WORKLOADS)}"
        )
    return [WORKLOADS[name] for name in wanted]
