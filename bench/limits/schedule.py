"""The cells and figures of the limits; both sides of a ratio are close in time."""

from collections.abc import Mapping, Sequence

from bench.databases import NO_DATABASE, POSTGRESQL, SQLITE
from bench.reporting.summary import Number, Round, best_of, ratio_of
from bench.results import Cell, Measurement, NoResult
from bench.workloads import (
    CARD,
    CART_AND_ORDER,
    COMPLETE_ORDERS,
    HOT_CODE,
    MANY_PRODUCTS,
    OVERLOAD,
    QUOTES,
    READ_ORDER,
    READ_PAGES,
    READ_PRODUCTS,
    SINGLE_PRODUCT,
    TRANSFERS,
    TWO_HOT_LINES,
    TWO_LINES,
    Workload,
)

LONE, FEW, MANY = 1, 32, 128
"""The numbers of clients; on this bench's machines, the best number is the last."""

OVERLOADED = 4 * MANY
MORE_OVERLOADED = (8 * MANY, 16 * MANY)


def cells(*, everything: bool) -> Sequence[Cell]:
    """Return the cells of a round; without `everything`, only one number of clients for each."""
    limit_clients = (8, 16, 32) if everything else (16,)
    shop_clients = (FEW, MANY) if everything else (MANY,)
    read_clients = (FEW, MANY) if everything else (FEW,)
    return [
        *_cells(POSTGRESQL, "lean limit", 0, [TWO_LINES, TWO_HOT_LINES], limit_clients),
        *_cells(POSTGRESQL, "database limit", 0, [MANY_PRODUCTS], limit_clients),
        *_cells(POSTGRESQL, "database limit", 0, [SINGLE_PRODUCT] * everything, limit_clients),
        *_cells(POSTGRESQL, "shop", 1, [TWO_LINES, TWO_HOT_LINES], shop_clients),
        *_cells(POSTGRESQL, "shop", 1, [MANY_PRODUCTS, SINGLE_PRODUCT], [MANY]),
        *_cells(POSTGRESQL, "shop with a code", 1, [HOT_CODE], [MANY]),
        *_cells(POSTGRESQL, "shop with rules", 1, [COMPLETE_ORDERS], [MANY]),
        *_cells(NO_DATABASE, "quote loop", 0, [QUOTES], [LONE]),
        *_cells(POSTGRESQL, "young shop", 1, [TWO_LINES], [FEW]),
        *_cells(POSTGRESQL, "shop", 1, [TWO_LINES], [] if everything else [FEW]),
        *_cells(POSTGRESQL, "shop", 1, [TWO_LINES], [LONE]),
        *_cells(SQLITE, "lean loop", 0, [TWO_LINES], [LONE]),
        *_cells(SQLITE, "full loop", 0, [TWO_LINES], [LONE]),
        *_cells(SQLITE, "shop", 1, [TWO_LINES], shop_clients),
        *_cells(SQLITE, "lean loop", 0, [TWO_HOT_LINES] * everything, [LONE]),
        *_cells(SQLITE, "full loop", 0, [TWO_HOT_LINES] * everything, [LONE]),
        *_cells(SQLITE, "shop", 1, [TWO_HOT_LINES] * everything, shop_clients),
        *_cells(POSTGRESQL, "empty route", 1, [READ_ORDER, READ_PRODUCTS], read_clients),
        *_cells(POSTGRESQL, "shop", 1, [READ_ORDER, READ_PRODUCTS, READ_PAGES], read_clients),
        *_cells(POSTGRESQL, "shop", 1, [CARD, CART_AND_ORDER, TRANSFERS], [FEW]),
        *_cells(POSTGRESQL, "shop", 1, [OVERLOAD], [MANY, OVERLOADED]),
        *_cells(POSTGRESQL, "shop", 1, [OVERLOAD], MORE_OVERLOADED if everything else []),
    ]


def _shop(workload: Workload, clients: int, what: str) -> Number:
    return _of("shop", workload, clients, what)


def _of(subject: str, workload: Workload, clients: int, what: str) -> Number:
    def number(of: Round) -> float | NoResult | None:
        found = of.with_clients(subject, clients, workload.name, POSTGRESQL)
        return NUMBERS[what](found) if isinstance(found, Measurement) else found

    return number


NUMBERS = {
    "rate": lambda of: of.per_second,
    "rejections": lambda of: of.rejected_per_second,
    "p50": lambda of: of.p50_ms,
    "p99": lambda of: of.p99_ms,
    "memory": lambda of: of.server_mib,
    "cpu": lambda of: of.cores.server / of.per_second * 1000,
}


def _quote_cpu_ms(of: Round) -> float | NoResult | None:
    rate = best_of("quote loop", QUOTES, NO_DATABASE)(of)
    return rate if rate is None or isinstance(rate, NoResult) else 1000 / rate


def _overload(clients: int) -> Mapping[str, Number]:
    load = f"overload, {clients:,} clients"
    return {
        f"{load}: goodput / that of {MANY}": ratio_of(
            _shop(OVERLOAD, clients, "rate"), _shop(OVERLOAD, MANY, "rate")
        ),
        f"{load}: p50 ms of what is served": _shop(OVERLOAD, clients, "p50"),
        f"{load}: p99 ms of what is served": _shop(OVERLOAD, clients, "p99"),
        f"{load}: rejections/s": _shop(OVERLOAD, clients, "rejections"),
        f"{load}: server's memory / that with {MANY}": ratio_of(
            _shop(OVERLOAD, clients, "memory"), _shop(OVERLOAD, MANY, "memory")
        ),
    }


FIGURES: Mapping[str, Number] = {
    "two lines: shop / lean limit": ratio_of(
        best_of("shop", TWO_LINES), best_of("lean limit", TWO_LINES)
    ),
    "two hot lines: shop / lean limit": ratio_of(
        best_of("shop", TWO_HOT_LINES), best_of("lean limit", TWO_HOT_LINES)
    ),
    "lean limit: two hot lines / two lines": ratio_of(
        best_of("lean limit", TWO_HOT_LINES), best_of("lean limit", TWO_LINES)
    ),
    "lean limit, two lines / database limit, orders": ratio_of(
        best_of("lean limit", TWO_LINES), best_of("database limit", MANY_PRODUCTS)
    ),
    "two lines, SQLite: shop / lean loop": ratio_of(
        best_of("shop", TWO_LINES, SQLITE), best_of("lean loop", TWO_LINES, SQLITE)
    ),
    "two lines, SQLite: shop / full loop": ratio_of(
        best_of("shop", TWO_LINES, SQLITE), best_of("full loop", TWO_LINES, SQLITE)
    ),
    "two hot lines, SQLite: shop / full loop": ratio_of(
        best_of("shop", TWO_HOT_LINES, SQLITE), best_of("full loop", TWO_HOT_LINES, SQLITE)
    ),
    "two lines, 32 clients: young shop / grown shop": ratio_of(
        _of("young shop", TWO_LINES, FEW, "rate"), _shop(TWO_LINES, FEW, "rate")
    ),
    "two lines, lone client: p50 ms": _shop(TWO_LINES, LONE, "p50"),
    "two lines, lone client: server's CPU ms per order": _shop(TWO_LINES, LONE, "cpu"),
    "two lines, 128 clients: server's CPU ms per order": _shop(TWO_LINES, MANY, "cpu"),
    "quote of 10 lines, 5 promotions: CPU ms": _quote_cpu_ms,
    "quote of 10 lines, 5 promotions / server's CPU of an order, 128 clients": ratio_of(
        _quote_cpu_ms, _shop(TWO_LINES, MANY, "cpu")
    ),
    "hot code: shop with a code / single product: shop": ratio_of(
        best_of("shop with a code", HOT_CODE), best_of("shop", SINGLE_PRODUCT)
    ),
    "complete orders: shop with rules / orders: shop": ratio_of(
        best_of("shop with rules", COMPLETE_ORDERS), best_of("shop", MANY_PRODUCTS)
    ),
    "GET /orders/{id}: shop / empty route": ratio_of(
        best_of("shop", READ_ORDER), best_of("empty route", READ_ORDER)
    ),
    "GET /products, the same page: shop / empty route": ratio_of(
        best_of("shop", READ_PRODUCTS), best_of("empty route", READ_PRODUCTS)
    ),
    "GET /products, other pages: shop / empty route": ratio_of(
        best_of("shop", READ_PAGES), best_of("empty route", READ_PRODUCTS)
    ),
    "card orders/s": best_of("shop", CARD),
    "cart and order: orders/s": best_of("shop", CART_AND_ORDER),
    "transfers/s": best_of("shop", TRANSFERS),
    **_overload(OVERLOADED),
    **_overload(MORE_OVERLOADED[0]),
    **_overload(MORE_OVERLOADED[1]),
}
"""Unless a number of clients is named, the best rates of both sides are compared."""


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
