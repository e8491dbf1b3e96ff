"""The summary of a run: each cell over all rounds, and the figures to keep an eye on.

What is compared was measured in the same round, a moment apart.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench.engines import POSTGRESQL, SQLITE
from bench.results import (
    Cell,
    Cores,
    Figure,
    Measurement,
    Range,
    Row,
    Size,
    Statements,
)
from bench.workloads import CARD, HOT, READ_ORDER, SPREAD, TOUR, WORKLOADS, Workload


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """The measurements of one round."""

    measurements: Mapping[Cell, Measurement]

    def best(self, contender: str, workload: str, engine: str = POSTGRESQL) -> float | None:
        """Return the most that a contender in one process did in a second, under any clients."""
        return max(
            (
                each.per_second
                for cell, each in self.measurements.items()
                if (cell.engine, cell.contender, cell.workload) == (engine, contender, workload)
                and cell.processes <= 1
            ),
            default=None,
        )

    def under(self, contender: str, clients: int, workload: str, engine: str) -> Measurement | None:
        """Return how a contender in one process fared under so many clients."""
        cell = Cell(
            engine=engine,
            contender=contender,
            processes=1,
            workload=workload,
            clients=clients,
        )
        return self.measurements.get(cell)


CONTENDERS = ("limit", "procedure", "naive", "shop", "ungrouped", "empty")
"""In this order they are listed."""

Number = Callable[[Round], float | None]


def _best(contender: str, workload: Workload, engine: str = POSTGRESQL) -> Number:
    return lambda of: of.best(contender, workload.name, engine)


def _spread(contender: str, clients: int, what: str = "per_second") -> Number:
    def number(of: Round) -> float | None:
        found = of.under(contender, clients, SPREAD.name, POSTGRESQL)
        return None if found is None else getattr(found, what)

    return number


def _ratio(above: Number, below: Number) -> Number:
    def ratio(of: Round) -> float | None:
        upper, lower = above(of), below(of)
        return None if upper is None or lower is None else upper / lower

    return ratio


FIGURES: Mapping[str, Number] = {
    "spread: shop / limit": _ratio(_best("shop", SPREAD), _best("limit", SPREAD)),
    "hot: shop / limit": _ratio(_best("shop", HOT), _best("limit", HOT)),
    "hot: shop / procedure": _ratio(_best("shop", HOT), _best("procedure", HOT)),
    "tour: orders/s": _best("shop", TOUR),
    "card / spread": _ratio(_best("shop", CARD), _best("shop", SPREAD)),
    "spread, 128 clients: shop / naive": _ratio(_spread("shop", 128), _spread("naive", 128)),
    "spread, a lone client: p50 / p50 without the line": _ratio(
        _spread("shop", 1, "p50_ms"), _spread("ungrouped", 1, "p50_ms")
    ),
    "spread, 128 clients: p99 / p50": _ratio(
        _spread("shop", 128, "p99_ms"), _spread("shop", 128, "p50_ms")
    ),
    "spread: SQLite / PostgreSQL": _ratio(_best("shop", SPREAD, SQLITE), _best("shop", SPREAD)),
    "GET /orders/{id}: shop / an empty route": _ratio(
        _best("shop", READ_ORDER), _best("empty", READ_ORDER)
    ),
}
"""What is compared is the best of either side, unless a number of clients is named."""


def figures(measurements: Iterable[Measurement]) -> Sequence[Figure]:
    """Return those figures that the measurements give, over all rounds.

    Only cells that every round has go into them.
    """
    rounds = _rounds(measurements)
    shared = set.intersection(*(set(each.measurements) for each in rounds))
    alike = [
        Round(measurements={cell: each.measurements[cell] for cell in shared}) for each in rounds
    ]
    found = {name: _over(alike, number) for name, number in FIGURES.items()}
    return [Figure(name=name, value=value) for name, value in found.items() if value]


def growth_figures(sizes: Sequence[Size]) -> Sequence[Figure]:
    """Return what of the smallest shop's throughput the largest has kept."""
    pairs = list(zip(sizes[0].measurements, sizes[-1].measurements, strict=True))
    workloads = dict.fromkeys(before.cell.workload for before, _ in pairs)
    return [
        Figure(
            name=f"growth kept: {workload}",
            value=Range.of(
                after.per_second / before.per_second
                for before, after in pairs
                if before.cell.workload == workload
            ),
        )
        for workload in workloads
    ]


def rows(
    measurements: Iterable[Measurement], statements: Iterable[Statements] = ()
) -> Sequence[Row]:
    """Return each cell over all rounds, those of one workload together."""
    cells: dict[Cell, list[Measurement]] = {}
    for each in measurements:
        cells.setdefault(each.cell, []).append(each)
    rounds = _rounds(each for measured in cells.values() for each in measured)
    counted = {each.cell: each for each in statements}
    return [
        _row(cell, cells[cell], rounds, counted.get(cell)) for cell in sorted(cells, key=_place)
    ]


def _place(cell: Cell) -> tuple[int, str, int, int, int]:
    return (
        list(WORKLOADS).index(cell.workload),
        cell.engine,
        CONTENDERS.index(cell.contender),
        cell.processes,
        cell.clients,
    )


def _row(
    cell: Cell,
    measured: Sequence[Measurement],
    rounds: Sequence[Round],
    counted: Statements | None,
) -> Row:
    def mine(of: Round) -> float | None:
        found = of.measurements.get(cell)
        return None if found is None else found.per_second

    def naive(of: Round) -> float | None:
        found = of.under("naive", cell.clients, cell.workload, cell.engine)
        return None if found is None else found.per_second

    def limit(of: Round) -> float | None:
        return of.best("limit", cell.workload)

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
        to_limit=_over(rounds, _ratio(mine, limit)),
        to_naive=_over(rounds, _ratio(mine, naive)),
        statements=counted.statements if counted else None,
        commits=counted.commits if counted else None,
    )


def _rounds(measurements: Iterable[Measurement]) -> Sequence[Round]:
    rounds: dict[int, dict[Cell, Measurement]] = {}
    for each in measurements:
        rounds.setdefault(each.round, {})[each.cell] = each
    return [Round(measurements=cells) for cells in rounds.values()]


def _over(rounds: Iterable[Round], number: Number) -> Range | None:
    found = [value for each in rounds if (value := number(each)) is not None]
    return Range.of(found) if found else None
