"""The report: results as tables, for the terminal and for the README."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.plan import CLIENTS
from bench.results import Figure, Growth, Machine, Range, Results, Row
from bench.workloads import CARD, HOT, READ_ORDER, READ_PRODUCTS, SPREAD, TOUR

BEGIN, END = "<!-- python -m bench readme: begin -->", "<!-- python -m bench readme: end -->"

TITLES = {
    SPREAD.name: "Orders/s, 1,000 products",
    HOT.name: "Orders/s, all want one product",
    TOUR.name: "Orders/s, after filling a cart with two products",
    CARD.name: "Orders/s, paid by card through the gateway's process",
    READ_ORDER.name: "`GET /orders/{id}`, requests/s",
    READ_PRODUCTS.name: "`GET /products`, requests/s",
}
MATTERS_MOST = (SPREAD.name, HOT.name)

Place = tuple[str, str, int]
"""An engine, a contender and its number of processes."""

NAMES: dict[Place, str] = {
    ("postgresql", "limit", 0): "limit",
    ("postgresql", "procedure", 0): "procedure",
    ("postgresql", "naive", 1): "naive",
    ("postgresql", "shop", 1): "**shop**",
    ("postgresql", "shop", 2): "**shop**, two processes",
    ("postgresql", "empty", 1): "an empty route",
    ("sqlite", "naive", 1): "naive, SQLite",
    ("sqlite", "shop", 1): "**shop**, SQLite",
    ("sqlite", "shop", 2): "**shop**, SQLite, two processes",
}
"""Who stands in the README, in this order."""

WORST_CLIENTS = CLIENTS[-1]


def show(rows: Iterable[Row], figures: Iterable[Figure], console: Console) -> None:
    """Print every row and figure to a terminal."""
    numbers = ["clients", "per s", "p50 ms", "p99 ms", "server", "database", "load", "others"]
    orders = ["statements", "commits", "/ limit", "/ naive"]
    table = Table(box=None)
    for heading in ("workload", "who", "on", "processes"):
        table.add_column(heading, no_wrap=True)
    for heading in (*numbers, *orders):
        table.add_column(heading, justify="right")
    for row in rows:
        cell, cores = row.cell, row.cores
        table.add_row(
            cell.workload,
            cell.contender,
            cell.engine,
            str(cell.processes or ""),
            str(cell.clients),
            f"{row.per_second.median:,.0f}",
            f"{row.p50_ms.median:.1f}",
            f"{row.p99_ms.median:.1f}",
            *(f"{each:.2f}" for each in (cores.server, cores.database, cores.load, cores.others)),
            *(_optional(each) for each in (row.statements, row.commits)),
            *(_optional(_median(each)) for each in (row.to_limit, row.to_naive)),
        )
    console.print(table)
    _show_figures(figures, console)


def show_growth(growth: Growth, console: Console) -> None:
    """Print how a shop fared at each size."""
    table = Table(box=None)
    for heading in ("orders", "workload", "per s", "p50 ms", "p99 ms", "others", "server MiB"):
        table.add_column(heading, justify="right")
    for size in growth.sizes:
        for row in size.rows:
            table.add_row(
                f"{size.orders:,}",
                row.cell.workload,
                f"{row.per_second.median:,.0f}",
                f"{row.p50_ms.median:.1f}",
                f"{row.p99_ms.median:.1f}",
                f"{row.cores.others:.2f}",
                f"{size.server_mib:.0f}",
            )
    console.print(table)
    _show_figures(growth.figures, console)


def _show_figures(figures: Iterable[Figure], console: Console) -> None:
    listed = Table("figure", box=None)
    for heading in ("median", "least", "most"):
        listed.add_column(heading, justify="right")
    for figure in figures:
        value = figure.value
        listed.add_row(figure.name, *(_number(n) for n in (value.median, value.least, value.most)))
    console.print(listed)


def section(results: Results, growth: Growth | None) -> str:
    """Return the section of the README that tells how fast the shop is."""
    rest = [
        *(_workload(name, results.rows) for name in TITLES if name not in MATTERS_MOST),
        _statements(results.rows),
        *([_growth(growth)] if growth else []),
    ]
    parts = [
        _figures([*results.figures, *(growth.figures if growth else ())]),
        "![Orders and requests per second, by clients](bench/results/latest.svg)",
        *(_workload(name, results.rows) for name in MATTERS_MOST),
        "<details><summary>Carts, reads, statements, growth</summary>",
        *rest,
        "</details>",
        _conditions(results),
    ]
    return "\n\n".join(part for part in parts if part)


def with_section(readme: str, text: str) -> str:
    """Return the README with another text between the two comments; raise where they are not."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the README has no {BEGIN} or no {END}")
    return f"{before}{BEGIN}\n\n{text}\n\n{END}{after}"


def _figures(figures: Sequence[Figure]) -> str:
    rows = [[each.name, _number(each.value.median), _span(each.value)] for each in figures]
    return _markdown(["figure", "median", "least to most"], rows)


def _workload(name: str, rows: Sequence[Row]) -> str:
    heading = [TITLES[name], *(_clients(number) for number in CLIENTS), "best", "best / limit"]
    heading += [f"p50, p99 at {WORST_CLIENTS}", "CPU: server, database, load"]
    lines: list[Sequence[str]] = []
    for place, who in NAMES.items():
        mine = {
            row.cell.clients: row
            for row in rows
            if row.cell.workload == name
            and (row.cell.engine, row.cell.contender, row.cell.processes) == place
        }
        if mine:
            best = max(mine.values(), key=lambda row: row.per_second.median)
            busiest = mine.get(WORST_CLIENTS)
            lines.append(
                [
                    who,
                    *(_per_second(mine.get(number)) for number in CLIENTS),
                    f"{best.per_second.median:,.0f} ({best.cell.clients})",
                    _optional(_median(best.to_limit)),
                    _latency(busiest),
                    _cores(busiest or best),
                ]
            )
    return _markdown(heading, lines) if lines else ""


def _statements(rows: Sequence[Row]) -> str:
    lines = [
        [
            f"{row.cell.contender}, {row.cell.workload}, {_clients(row.cell.clients)}",
            _optional(row.statements),
            _optional(row.commits),
        ]
        for row in rows
        if row.statements is not None
    ]
    return _markdown(["per order", "statements", "commits"], lines) if lines else ""


def _growth(growth: Growth) -> str:
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
    return f"{table}\n\n![Throughput, p99 and memory, by size](bench/results/growth.svg)"


def _conditions(results: Results) -> str:
    machine = results.machine
    return (
        f"{_machine(machine)} {results.rounds} rounds of {results.seconds} s (cells that no figure"
        " needs: one of 1 s), medians; load by"
        f" {machine.load_generator}, one thread. CPU is in cores. Where others took part of the"
        " machine, `bench/results/latest.json` tells how much."
    )


def _machine(machine: Machine) -> str:
    return (
        f"{machine.processor}, {machine.cores} cores, {machine.memory_gib} GiB, {machine.kernel},"
        f" {machine.filesystem}; Python {machine.python}, PostgreSQL {machine.postgresql},"
        f" SQLite {machine.sqlite}."
    )


def _markdown(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    ruler = ["---", *("--:" for _ in heading[1:])]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heading, ruler, *rows))


def _clients(number: int) -> str:
    return f"{number} client{'s' if number > 1 else ''}"


def _per_second(row: Row | None) -> str:
    return "" if row is None else f"{row.per_second.median:,.0f}"


def _latency(row: Row | None) -> str:
    return "" if row is None else f"{row.p50_ms.median:.1f}, {row.p99_ms.median:.1f} ms"


def _cores(row: Row) -> str:
    cores = row.cores
    return ", ".join(f"{each:.2f}" for each in (cores.server, cores.database, cores.load))


def _span(value: Range) -> str:
    return f"{_number(value.least)} to {_number(value.most)}"


def _median(value: Range | None) -> float | None:
    return None if value is None else value.median


def _optional(number: float | None) -> str:
    return "" if number is None else f"{number:.2f}"


def _number(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.2f}"  # noqa: PLR2004


def rewrite_readme(readme: Path, results: Results, growth: Growth | None) -> None:
    """Put the results into the README."""
    readme.write_text(with_section(readme.read_text(), section(results, growth)))
