"""Summarises a run: each cell over all rounds, and the key figures.

Only measurements of the same round are compared, because they are close in time.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench.databases import POSTGRESQL, SQLITE
from bench.results import (
    Cell,
    Cores,
    DatasetSize,
    Failure,
    Figure,
    Measurement,
    NoResult,
    Range,
    Row,
    Statements,
    label,
)
from bench.workloads import (
    CARD,
    CART_AND_ORDER,
    MANY_PRODUCTS,
    READ_ORDER,
    SINGLE_PRODUCT,
    WORKLOADS,
    Workload,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """The measurements of one round, and the reasons of those that failed in any."""

    measurements: Mapping[Cell, Measurement]
    failures: Mapping[Cell, str]

    def best(
        self, subject: str, workload: str, engine: str = POSTGRESQL
    ) -> float | NoResult | None:
        """Return the best rate of a subject in one process, with any number of clients."""
        found = [
            self.at(cell)
            for cell in (*self.measurements, *self.failures)
            if (cell.engine, cell.subject, cell.workload) == (engine, subject, workload)
            and cell.processes <= 1
        ]
        failed = [each for each in found if isinstance(each, NoResult)]
        rates = [each.per_second for each in found if isinstance(each, Measurement)]
        return failed[0] if failed else max(rates, default=None)

    def with_clients(
        self, subject: str, clients: int, workload: str, engine: str
    ) -> Measurement | NoResult | None:
        """Return the measurement of a subject in one process with this number of clients."""
        return self.at(
            Cell(
                engine=engine,
                subject=subject,
                processes=1,
                workload=workload,
                clients=clients,
            )
        )

    def at(self, cell: Cell) -> Measurement | NoResult | None:
        """Return the measurement of a cell, or the reason for its failure."""
        if cell in self.failures:
            return NoResult(reason=f"{label(cell)}: {self.failures[cell]}")
        return self.measurements.get(cell)


SUBJECTS = (
    "database limit",
    "stored procedure",
    "ORM baseline",
    "shop",
    "shop with a code",
    "shop with rules",
    "without group commit",
    "empty route",
    "lean limit",
    "lean loop",
    "full loop",
    "young shop",
    "quote loop",
)
"""The subjects in the order of reports."""

Number = Callable[[Round], float | NoResult | None]


def best_of(subject: str, workload: Workload, engine: str = POSTGRESQL) -> Number:
    """Return the function that takes a subject's best rate from a round."""
    return lambda of: of.best(subject, workload.name, engine)


def _orders(subject: str, clients: int, field_name: str = "per_second") -> Number:
    def number(of: Round) -> float | NoResult | None:
        found = of.with_clients(subject, clients, MANY_PRODUCTS.name, POSTGRESQL)
        return getattr(found, field_name) if isinstance(found, Measurement) else found

    return number


def ratio_of(above: Number, below: Number) -> Number:
    """Return the function that divides one number of a round by another."""

    def ratio(of: Round) -> float | NoResult | None:
        upper, lower = above(of), below(of)
        if upper is None or lower is None:
            return None
        if isinstance(upper, NoResult):
            return upper
        return lower if isinstance(lower, NoResult) else upper / lower

    return ratio


FIGURES: Mapping[str, Number] = {
    "orders: shop / database limit": ratio_of(
        best_of("shop", MANY_PRODUCTS), best_of("database limit", MANY_PRODUCTS)
    ),
    "single product: shop / database limit": ratio_of(
        best_of("shop", SINGLE_PRODUCT), best_of("database limit", SINGLE_PRODUCT)
    ),
    "single product: shop / stored procedure": ratio_of(
        best_of("shop", SINGLE_PRODUCT), best_of("stored procedure", SINGLE_PRODUCT)
    ),
    "cart and order: orders/s": best_of("shop", CART_AND_ORDER),
    "card orders / orders": ratio_of(best_of("shop", CARD), best_of("shop", MANY_PRODUCTS)),
    "orders, 128 clients: shop / ORM baseline": ratio_of(
        _orders("shop", 128), _orders("ORM baseline", 128)
    ),
    "orders, single client: p50 with / without group commit": ratio_of(
        _orders("shop", 1, "p50_ms"), _orders("without group commit", 1, "p50_ms")
    ),
    "orders, 128 clients: p99 / p50": ratio_of(
        _orders("shop", 128, "p99_ms"), _orders("shop", 128, "p50_ms")
    ),
    "orders: SQLite / PostgreSQL": ratio_of(
        best_of("shop", MANY_PRODUCTS, SQLITE), best_of("shop", MANY_PRODUCTS)
    ),
    "GET /orders/{id}: shop / empty route": ratio_of(
        best_of("shop", READ_ORDER), best_of("empty route", READ_ORDER)
    ),
}
"""Unless a number of clients is named, the best rates of both sides are compared."""


def figures(
    measurements: Iterable[Measurement],
    failures: Iterable[Failure] = (),
    numbers: Mapping[str, Number] = FIGURES,
) -> Sequence[Figure]:
    """Return the figures over all rounds for which there are measurements.

    `numbers` computes each from a round. Only cells of every round are used. A figure that needs a
    failed measurement says so.
    """
    rounds = _rounds(measurements, failures)
    shared = set.intersection(*(set(each.measurements) | set(each.failures) for each in rounds))
    alike = [
        Round(
            measurements={cell: of for cell, of in each.measurements.items() if cell in shared},
            failures=each.failures,
        )
        for each in rounds
    ]
    found = {name: _over(alike, number) for name, number in numbers.items()}
    return [Figure(name=name, value=value) for name, value in found.items() if value]


def scaling_figures(sizes: Sequence[DatasetSize]) -> Sequence[Figure]:
    """Return the throughput of the largest shop relative to the smallest."""
    small, large = sizes[0], sizes[-1]
    found = [each.cell for size in (small, large) for each in size.measurements]
    failed = [each.cell for size in (small, large) for each in size.failures]
    return [
        Figure(name=f"throughput kept: {cell.workload}", value=_retention(cell, small, large))
        for cell in dict.fromkeys([*found, *failed])
    ]


def _retention(cell: Cell, small: DatasetSize, large: DatasetSize) -> Range | NoResult:
    for failure in (*small.failures, *large.failures):
        if failure.cell == cell:
            return NoResult(reason=f"{label(cell)}: {failure.reason}")
    before, after = (
        [each.per_second for each in size.measurements if each.cell == cell]
        for size in (small, large)
    )
    return Range.of(late / early for early, late in zip(before, after, strict=True))


def rows(
    measurements: Iterable[Measurement],
    statements: Iterable[Statements] = (),
    failures: Iterable[Failure] = (),
) -> Sequence[Row]:
    """Return each cell over all rounds, sorted by workload."""
    cells: dict[Cell, list[Measurement]] = {}
    for each in measurements:
        cells.setdefault(each.cell, []).append(each)
    rounds = _rounds((each for measured in cells.values() for each in measured), failures)
    counted = {each.cell: each for each in statements}
    return [
        _row(cell, cells[cell], rounds, counted.get(cell))
        for cell in sorted(cells, key=listing_order)
    ]


def listing_order(cell: Cell) -> tuple[int, str, int, int, int]:
    """Return the key by which reports sort their cells."""
    return (
        list(WORKLOADS).index(cell.workload),
        cell.engine,
        SUBJECTS.index(cell.subject),
        cell.processes,
        cell.clients,
    )


def _row(
    cell: Cell,
    measured: Sequence[Measurement],
    rounds: Sequence[Round],
    counted: Statements | None,
) -> Row:
    def mine(of: Round) -> float | NoResult | None:
        return _rate(of.at(cell))

    def to_baseline(of: Round) -> float | NoResult | None:
        return _rate(of.with_clients("ORM baseline", cell.clients, cell.workload, cell.engine))

    def to_limit(of: Round) -> float | NoResult | None:
        return of.best("database limit", cell.workload)

    return Row(
        cell=cell,
        per_second=Range.of(each.per_second for each in measured),
        p50_ms=Range.of(each.p50_ms for each in measured),
        p99_ms=Range.of(each.p99_ms for each in measured),
        cores=Cores(
            server=median(each.cores.server for each in measured),
            database=median(each.cores.database for each in measured),
            load=median(each.cores.load for each in measured),
            others=median(each.cores.others for each in measured),
        ),
        to_limit=_over(rounds, ratio_of(mine, to_limit)),
        to_baseline=_over(rounds, ratio_of(mine, to_baseline)),
        statements=counted.statements if counted else None,
        commits=counted.commits if counted else None,
        rejected_per_second=median(each.rejected_per_second for each in measured),
        server_mib=max(each.server_mib for each in measured),
    )


def _rate(found: Measurement | NoResult | None) -> float | NoResult | None:
    return found.per_second if isinstance(found, Measurement) else found


def _rounds(measurements: Iterable[Measurement], failures: Iterable[Failure]) -> Sequence[Round]:
    failed = {each.cell: each.reason for each in failures}
    # Even if nothing was measured, there was a round in which all failed.
    rounds: dict[int, dict[Cell, Measurement]] = {1: {}}
    for each in measurements:
        rounds.setdefault(each.round, {})[each.cell] = each
    return [Round(measurements=cells, failures=failed) for cells in rounds.values()]


def _over(rounds: Iterable[Round], number: Number) -> Range | NoResult | None:
    found = [value for each in rounds if (value := number(each)) is not None]
    missing = [each for each in found if isinstance(each, NoResult)]
    numbers = [each for each in found if not isinstance(each, NoResult)]
    if missing:
        return missing[0]
    return Range.of(numbers) if numbers else None
