"""The plan: what is measured in every round, and what once."""

from collections.abc import Sequence

from bench.databases import POSTGRESQL, SQLITE
from bench.results import Cell
from bench.workloads import (
    CARD,
    CART_AND_ORDER,
    READ_ORDER,
    READ_PRODUCTS,
    SINGLE_PRODUCT,
    SPREAD,
    Workload,
)

CLIENTS = (1, 8, 32, 128)
LIMIT_CLIENTS = (8, 16, 32)

ALL = (SPREAD, SINGLE_PRODUCT, CART_AND_ORDER, READ_ORDER, READ_PRODUCTS)


def every_round() -> Sequence[Cell]:
    """Return the cells of which ratios are made, both sides of each a moment apart."""
    return [
        *_cells(POSTGRESQL, "procedure", 0, [SPREAD], LIMIT_CLIENTS),
        *_cells(POSTGRESQL, "limit", 0, [SPREAD], LIMIT_CLIENTS),
        *_cells(POSTGRESQL, "shop", 1, [SPREAD, CARD], [32, 128]),
        *_cells(SQLITE, "shop", 1, [SPREAD], [32, 128]),
        *_cells(POSTGRESQL, "naive", 1, [SPREAD], [128]),
        *_cells(POSTGRESQL, "shop", 1, [SPREAD], [1]),
        *_cells(POSTGRESQL, "ungrouped", 1, [SPREAD], [1]),
        *_cells(POSTGRESQL, "limit", 0, [SINGLE_PRODUCT], LIMIT_CLIENTS),
        *_cells(POSTGRESQL, "shop", 1, [SINGLE_PRODUCT], [32, 128]),
        *_cells(POSTGRESQL, "procedure", 0, [SINGLE_PRODUCT], LIMIT_CLIENTS),
        *_cells(POSTGRESQL, "shop", 1, [CART_AND_ORDER, READ_ORDER], [32, 128]),
        *_cells(POSTGRESQL, "empty", 1, [READ_ORDER], [32, 128]),
    ]


def once(number: int, rounds: int) -> Sequence[Cell]:
    """Return a round's share of the other cells: who serves, at everything, under any load.

    Those under the same load are in the same round.
    """
    others = [
        *_cells(POSTGRESQL, "shop", 1, ALL, CLIENTS),
        *_cells(POSTGRESQL, "shop", 2, ALL, CLIENTS),
        *_cells(POSTGRESQL, "naive", 1, [SPREAD, SINGLE_PRODUCT], CLIENTS),
        *_cells(SQLITE, "shop", 1, ALL, CLIENTS),
        *_cells(SQLITE, "shop", 2, [SPREAD, SINGLE_PRODUCT], CLIENTS),
        *_cells(SQLITE, "naive", 1, [SPREAD, SINGLE_PRODUCT], CLIENTS),
    ]
    measured = set(every_round())
    loads = {(cell.workload, cell.clients): None for cell in others}
    share = {load for index, load in enumerate(loads) if index % rounds == number - 1}
    return [
        cell for cell in others if cell not in measured and (cell.workload, cell.clients) in share
    ]


def counted() -> Sequence[Cell]:
    """Return the cells in which statements are counted."""
    return [
        *_cells(POSTGRESQL, "limit", 0, [SPREAD], [32]),
        *_cells(POSTGRESQL, "procedure", 0, [SPREAD], [32]),
        *_cells(POSTGRESQL, "naive", 1, [SPREAD], [32]),
        *_cells(POSTGRESQL, "shop", 1, [SPREAD], CLIENTS),
        *_cells(POSTGRESQL, "shop", 1, [SINGLE_PRODUCT], [128]),
    ]


def _cells(
    engine: str,
    subject: str,
    processes: int,
    workloads: Sequence[Workload],
    clients: Sequence[int],
) -> Sequence[Cell]:
    return [
        Cell(
            engine=engine,
            subject=subject,
            processes=processes,
            workload=workload.name,
            clients=number,
        )
        for workload in workloads
        for number in clients
    ]
