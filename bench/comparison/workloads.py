"""The workloads of a comparison."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from bench.databases import POSTGRESQL, SQLITE
from bench.load import Responses
from bench.workloads import (
    CARD,
    CART_AND_ORDER,
    MANY_PRODUCTS,
    READ_ORDER,
    READ_PAGES,
    READ_PRODUCTS,
    SINGLE_PRODUCT,
    TRANSFERS,
    Workload,
)

CLIENTS = 32


class Measure(Enum):
    """The compared value of a run, with its unit."""

    RATE = "per s"
    LATENCY = "p50 ms"

    def of(self, responses: Responses) -> float:
        """Return the measured value."""
        return responses.p50_ms if self is Measure.LATENCY else responses.done / responses.seconds

    def ratio(self, base: float, head: float) -> float:
        """Return how head compares with base: above 1, head is better."""
        return base / head if self is Measure.LATENCY else head / base


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedWorkload:
    """A workload with its database, its clients and the compared value."""

    name: str
    requests: Workload
    engine: str = POSTGRESQL
    clients: int = CLIENTS
    measure: Measure = Measure.RATE
    needs_gateway: bool = False


WORKLOADS = {
    each.name: each
    for each in (
        ComparedWorkload(name="orders", requests=MANY_PRODUCTS),
        ComparedWorkload(name="single-product", requests=SINGLE_PRODUCT),
        ComparedWorkload(name="cart-and-order", requests=CART_AND_ORDER),
        ComparedWorkload(name="card-orders", requests=CARD, needs_gateway=True),
        ComparedWorkload(name="transfers", requests=TRANSFERS),
        ComparedWorkload(name="get-order", requests=READ_ORDER),
        ComparedWorkload(name="get-products", requests=READ_PRODUCTS),
        ComparedWorkload(name="other-pages", requests=READ_PAGES),
        ComparedWorkload(
            name="one-client", requests=MANY_PRODUCTS, clients=1, measure=Measure.LATENCY
        ),
        ComparedWorkload(name="orders-sqlite", requests=MANY_PRODUCTS, engine=SQLITE),
    )
}


def chosen(names: str) -> Sequence[ComparedWorkload]:
    """Return the workloads of these names, or all; raise `ValueError` if unknown.

    Names are separated by blanks or commas.
    """
    selected = list(dict.fromkeys(names.replace(",", " ").split())) or list(WORKLOADS)
    unknown = [name for name in selected if name not in WORKLOADS]
    if unknown:
        raise ValueError(
            f"unknown workload: {', '.join(unknown)}; choose from {', '.join(WORKLOADS)}"
        )
    return [WORKLOADS[name] for name in selected]
