"""Writes results as tables of the documentation page."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from bench.failures import describe_failure
from bench.reporting.formats import (
    NO_RESULT,
    describe_machine,
    milliseconds_per_unit,
    number,
    optional,
    ratio,
)
from bench.results import Cell, Failure, Figure, NoResult, Range, Results, Row, ScalingResults
from bench.schedule import CLIENTS
from bench.workloads import (
    CARD,
    CART_AND_ORDER,
    MANY_PRODUCTS,
    READ_ORDER,
    READ_PRODUCTS,
    SINGLE_PRODUCT,
)

BEGIN, END = "<!-- python -m bench readme: begin -->", "<!-- python -m bench readme: end -->"

TITLES = {
    MANY_PRODUCTS.name: "Orders/s, 1,000 products",
    SINGLE_PRODUCT.name: "Orders/s, all for one product",
    CART_AND_ORDER.name: "Orders/s, after filling a cart with two products",
    CARD.name: "Orders/s, paid by card through the gateway's process",
    READ_ORDER.name: "`GET /orders/{id}`, requests/s",
    READ_PRODUCTS.name: "`GET /products`, requests/s",
}
MATTERS_MOST = (MANY_PRODUCTS.name, SINGLE_PRODUCT.name)

Place = tuple[str, str, int]
"""An engine, a subject and its number of processes."""

NAMES: dict[Place, str] = {
    ("postgresql", "database limit", 0): "database limit",
    ("postgresql", "stored procedure", 0): "stored procedure",
    ("postgresql", "ORM baseline", 1): "ORM baseline",
    ("postgresql", "shop", 1): "**shop**",
    ("postgresql", "shop", 2): "**shop**, two processes",
    ("postgresql", "empty route", 1): "empty route",
    ("sqlite", "ORM baseline", 1): "ORM baseline, SQLite",
    ("sqlite", "shop", 1): "**shop**, SQLite",
    ("sqlite", "shop", 2): "**shop**, SQLite, two processes",
}
"""The names of the subjects in the page, in this order."""

WORST_CLIENTS = CLIENTS[-1]

LIMITS_HEADING = (
    "workload, subject, engine",
    "clients",
    "per s",
    "least to most",
    "p50 ms",
    "p99 ms",
    "server's CPU ms",
    "rejected/s",
    "server's MiB",
)


def section(results: Results, growth: ScalingResults | None, limits: Results | None = None) -> str:
    """Return the section of the page with all results."""
    rest = [
        *(_workload(name, results) for name in TITLES if name not in MATTERS_MOST),
        _statements(results.rows),
        *([_growth(growth)] if growth else []),
    ]
    parts = [
        _figures([*results.figures, *(growth.figures if growth else ())]),
        *([_figures(limits.figures), _limits(limits)] if limits else []),
        "![Orders and requests per second, by clients](../bench/results/latest.svg)",
        *(_workload(name, results) for name in MATTERS_MOST),
        "<details><summary>Carts, reads, statements, growth</summary>",
        *rest,
        "</details>",
        *(_failures(each.failures) for each in (results, growth, limits) if each),
        _conditions(results),
    ]
    return "\n\n".join(part for part in parts if part)


def with_section(readme: str, text: str) -> str:
    """Replace the text between the two comments; raise `ValueError` if one is missing."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the README has no {BEGIN} or no {END}")
    return f"{before}{BEGIN}\n\n{text}\n\n{END}{after}"


def _figures(figures: Sequence[Figure]) -> str:
    rows = [[each.name, *_median_and_range(each.value)] for each in figures]
    return _markdown(["figure", "median", "least to most"], rows)


def _limits(limits: Results) -> str:
    lines = [
        [
            f"{row.cell.workload}, {row.cell.subject}, {row.cell.engine}",
            str(row.cell.clients),
            *_median_and_range(row.per_second),
            *(f"{each.median:.1f}" for each in (row.p50_ms, row.p99_ms)),
            number(milliseconds_per_unit(row)),
            *(f"{each:,.0f}" for each in (row.rejected_per_second, row.server_mib)),
        ]
        for row in limits.rows
    ]
    return _markdown(LIMITS_HEADING, lines)


def _workload(name: str, results: Results) -> str:
    heading = [
        TITLES[name],
        *(_clients(count) for count in CLIENTS),
        "best",
        "best / database limit",
    ]
    heading += [f"p50, p99 at {WORST_CLIENTS}", "CPU: server, database, load"]
    lines: list[Sequence[str]] = []
    for place, subject in NAMES.items():

        def is_mine(cell: Cell, place: Place = place) -> bool:
            return cell.workload == name and place == (cell.engine, cell.subject, cell.processes)

        mine = {row.cell.clients: row for row in results.rows if is_mine(row.cell)}
        failed = {each.cell.clients for each in results.failures if is_mine(each.cell)}
        if mine or failed:
            lines.append([subject, *_rates(mine, failed), *_best(mine)])
    return _markdown(heading, lines) if lines else ""


def _rates(rows: Mapping[int, Row], failed: Collection[int]) -> Sequence[str]:
    return [
        f"{rows[clients].per_second.median:,.0f}"
        if clients in rows
        else NO_RESULT * (clients in failed)
        for clients in CLIENTS
    ]


def _best(rows: Mapping[int, Row]) -> Sequence[str]:
    if not rows:
        return ["", "", "", ""]
    best = max(rows.values(), key=lambda row: row.per_second.median)
    busiest = rows.get(WORST_CLIENTS)
    return [
        f"{best.per_second.median:,.0f} ({best.cell.clients})",
        ratio(best.to_limit),
        _latency(busiest),
        _cores(busiest or best),
    ]


def _statements(rows: Sequence[Row]) -> str:
    lines = [
        [
            f"{row.cell.subject}, {row.cell.workload}, {_clients(row.cell.clients)}",
            optional(row.statements),
            optional(row.commits),
        ]
        for row in rows
        if row.statements is not None
    ]
    return _markdown(["per order", "statements", "commits"], lines) if lines else ""


def _growth(growth: ScalingResults) -> str:
    workloads = [row.cell.workload for row in growth.sizes[0].rows]
    heading = ["orders and products"]
    heading += [each for name in workloads for each in (f"{name}/s", "p99 ms")]
    lines = [
        [
            f"{size.orders:,}",
            *(
                each
                for row in size.rows
                for each in (f"{row.per_second.median:,.0f}", f"{row.p99_ms.median:.1f}")
            ),
            f"{size.server_mib:,.0f} MiB",
        ]
        for size in growth.sizes
    ]
    table = _markdown([*heading, "server's memory"], lines)
    return f"{table}\n\n![Throughput, p99 and memory, by size](../bench/results/growth.svg)"


def _failures(failures: Sequence[Failure]) -> str:
    return "\n".join(f"- {describe_failure(each)}" for each in failures)


def _conditions(results: Results) -> str:
    machine = results.machine
    return (
        f"{describe_machine(machine)} {results.rounds} rounds of {results.seconds} s"
        " (cells that no figure needs: one of 1 s), medians; load by"
        f" {machine.load_generator}, one thread. CPU is in cores. `bench/results/latest.json` also"
        " has the processor time of other processes."
    )


def _markdown(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    ruler = ["---", *("--:" for _ in heading[1:])]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heading, ruler, *rows))


def _clients(count: int) -> str:
    return f"{count} client{'s' if count > 1 else ''}"


def _latency(row: Row | None) -> str:
    return "" if row is None else f"{row.p50_ms.median:.1f}, {row.p99_ms.median:.1f} ms"


def _cores(row: Row) -> str:
    cores = row.cores
    return ", ".join(f"{each:.2f}" for each in (cores.server, cores.database, cores.load))


def _median_and_range(value: Range | NoResult) -> Sequence[str]:
    if isinstance(value, NoResult):
        return [f"{NO_RESULT}: {value.reason}", ""]
    return [number(value.median), f"{number(value.least)} to {number(value.most)}"]


def rewrite_readme(
    readme: Path, results: Results, growth: ScalingResults | None, limits: Results | None
) -> None:
    """Write the results into the page."""
    readme.write_text(with_section(readme.read_text(), section(results, growth, limits)))
