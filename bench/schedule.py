"""The schedule: which cells are measured in every round, and which once."""

from collections.abc import Sequence

from bench.databases import POSTGRESQL, SQLITE
from bench.results import Cell
from bench.workloads import (
    CARD,
    CART_AND_ORDER,
    MANY_PRODUCTS,
    READ_ORDER,
    READ_PRODUCTS,
    SINGLE_PRODUCT,
    Workload,
)

CLIENTS = (1, 8, 32, 128)
LIMIT_CLIENTS = (8, 16, 32)

ALL = (MANY_PRODUCTS, SINGLE_PRODUCT, CART_AND_ORDER, READ_ORDER, READ_PRODUCTS)


def every_round() -> Sequence[Cell]:
    """Return the cells that ratios need; both sides of a ratio are close in time."""
    return [
        *_cells(POSTGRESQL, "stored procedure", 0, [MANY_PRODUCTS], LIMIT_CLIENTS),
        *_cells(POSTGRESQL, "database limit", 0, [MANY_PRODUCTS], LIMIT_CLIENTS),
        *_cells(POSTGRESQL, "shop", 1, [MANY_PRODUCTS, CARD], [32, 128]),
        *_cells(SQLITE, "shop", 1, [MANY_PRODUCTS], [32, 128]),
        *_cells(POSTGRESQL, "ORM baseline", 1, [MANY_PRODUCTS], [128]),
        *_cells(POSTGRESQL, "shop", 1, [MANY_PRODUCTS], [1]),
        *_cells(POSTGRESQL, "without group commit", 1, [MANY_PRODUCTS], [1]),
        *_cells(POSTGRESQL, "database limit", 0, [SINGLE_PRODUCT], LIMIT_CLIENTS),
        *_cells(POSTGRESQL, "shop", 1, [SINGLE_PRODUCT], [32, 128]),
        *_cells(POSTGRESQL, "stored procedure", 0, [SINGLE_PRODUCT], LIMIT_CLIENTS),
        *_cells(POSTGRESQL, "shop", 1, [CART_AND_ORDER, READ_ORDER], [32, 128]),
        *_cells(POSTGRESQL, "empty route", 1, [READ_ORDER], [32, 128]),
    ]


def once(number: int, rounds: int) -> Sequence[Cell]:
    """Return a round's share of the cells that are measured once.

    Cells with the same workload and number of clients are in the same round.
    """
    others = [
        *_cells(POSTGRESQL, "shop", 1, ALL, CLIENTS),
        *_cells(POSTGRESQL, "shop", 2, ALL, CLIENTS),
        *_cells(POSTGRESQL, "ORM baseline", 1, [MANY_PRODUCTS, SINGLE_PRODUCT], CLIENTS),
        *_cells(SQLITE, "shop", 1, ALL, CLIENTS),
        *_cells(SQLITE, "shop", 2, [MANY_PRODUCTS, SINGLE_PRODUCT], CLIENTS),
        *_cells(SQLITE, "ORM baseline", 1, [MANY_PRODUCTS, SINGLE_PRODUCT], CLIENTS),
    ]
    measured = set(every_round())
    loads = {(cell.workload, cell.clients): None for cell in others}
    share = {load for index, load in enumerate(loads) if index % rounds == number - 1}
    return [
        cell for cell in others if cell not in measured and (cell.workload, cell.clients) in share
    ]


def counted() -> Sequence[Cell]:
    """Return the cells whose statements are counted."""
    return [
        *_cells(POSTGRESQL, "database limit", 0, [MANY_PRODUCTS], [32]),
        *_cells(POSTGRESQL, "stored procedure", 0, [MANY_PRODUCTS], [32]),
        *_cells(POSTGRESQL, "ORM baseline", 1, [MANY_PRODUCTS], [32]),
        *_cells(POSTGRESQL, "shop", 1, [MANY_PRODUCTS], CLIENTS),
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
