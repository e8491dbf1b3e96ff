"""Prints results as tables, each failed measurement in its row."""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bench.reporting.formats import NO_RESULT, milliseconds_per_unit, number, optional, ratio
from bench.reporting.summary import listing_order
from bench.results import Cell, Failure, Figure, NoResult, Results, Row, ScalingResults

FAILURE = "failure"
MIN_FAILURE_WIDTH = 60
CORES = ("server", "database", "load", "others")
MEASURED = ("clients", "per s", "p50 ms", "p99 ms", *CORES)


def show(results: Results, console: Console) -> None:
    """Print every row and figure to a terminal."""
    table = _table(
        left=("workload", "subject", "engine", "processes"),
        right=(*MEASURED, "statements", "commits", "/ limit", "/ baseline"),
    )
    rows = {row.cell: row for row in results.rows}
    for cell in sorted({*rows, *(each.cell for each in results.failures)}, key=listing_order):
        row = rows.get(cell)
        table.add_row(
            cell.workload,
            cell.subject,
            cell.engine,
            str(cell.processes or ""),
            str(cell.clients),
            *_numbers(row),
            _reasons(cell, row, results.failures),
        )
    _print(table, console)
    show_figures(results.figures, console)


def show_growth(growth: ScalingResults, console: Console) -> None:
    """Print the results of each size to a terminal."""
    table = _table(
        left=(), right=("orders", "workload", "per s", "p50 ms", "p99 ms", "others", "server MiB")
    )
    for size in growth.sizes:
        rows = {row.cell: row for row in size.rows}
        for cell in sorted({*rows, *(each.cell for each in size.failures)}, key=listing_order):
            rate, median, worst, *_, others = _measured(rows.get(cell))
            table.add_row(
                f"{size.orders:,}",
                cell.workload,
                *(rate, median, worst, others),
                f"{size.server_mib:.0f}",
                _reasons(cell, None, size.failures),
            )
    _print(table, console)
    show_figures(growth.figures, console)


def show_limits(results: Results, console: Console) -> None:
    """Print the rows and figures of the limits to a terminal."""
    table = _table(
        left=("workload", "subject", "engine"),
        right=(*MEASURED, "CPU ms each", "rejected/s", "server MiB"),
    )
    rows = {row.cell: row for row in results.rows}
    for cell in sorted({*rows, *(each.cell for each in results.failures)}, key=listing_order):
        row = rows.get(cell)
        table.add_row(
            *(cell.workload, cell.subject, cell.engine, str(cell.clients)),
            *_measured(row),
            *(_costs(row) if row else ("", "", "")),
            _reasons(cell, row, results.failures),
        )
    _print(table, console)
    show_figures(results.figures, console)


def show_figures(figures: Iterable[Figure], console: Console) -> None:
    """Print figures to a terminal, with the reasons of those without a result."""
    table = _table(left=("figure",), right=("median", "least", "most"))
    for figure in figures:
        value = figure.value
        if isinstance(value, NoResult):
            table.add_row(figure.name, NO_RESULT, "", "", escape(value.reason))
        else:
            seen = (value.median, value.least, value.most)
            table.add_row(figure.name, *(number(each) for each in seen), "")
    _print(table, console)


def _numbers(row: Row | None) -> Sequence[str]:
    if row is None:
        return [*_measured(row), "", "", "", ""]
    counted = [optional(each) for each in (row.statements, row.commits)]
    return [*_measured(row), *counted, ratio(row.to_limit), ratio(row.to_baseline)]


def _costs(row: Row) -> Sequence[str]:
    return [
        f"{milliseconds_per_unit(row):.2f}",
        f"{row.rejected_per_second:,.0f}",
        f"{row.server_mib:,.0f}",
    ]


def _measured(row: Row | None) -> Sequence[str]:
    if row is None:
        return [NO_RESULT, "", "", *("" for _ in CORES)]
    return [
        f"{row.per_second.median:,.0f}",
        f"{row.p50_ms.median:.1f}",
        f"{row.p99_ms.median:.1f}",
        *(f"{getattr(row.cores, each):.2f}" for each in CORES),
    ]


def _reasons(cell: Cell, row: Row | None, failures: Iterable[Failure]) -> str:
    """Return the reasons for the missing numbers of a row, one per line."""
    reasons = {each.during: each.reason for each in failures if each.cell == cell}
    if row:
        ratios = {"/ limit": row.to_limit, "/ baseline": row.to_baseline}
        reasons |= {name: of.reason for name, of in ratios.items() if isinstance(of, NoResult)}
    return escape("\n".join(f"{what}: {NO_RESULT}: {why}" for what, why in reasons.items()))


def _table(*, left: Sequence[str], right: Sequence[str]) -> Table:
    table = Table(box=None)
    for heading in left:
        table.add_column(heading, no_wrap=True)
    for heading in right:
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column(FAILURE, min_width=MIN_FAILURE_WIDTH, overflow="fold")
    return table


def _print(table: Table, console: Console) -> None:
    """Print a table, without the last column if nothing has failed."""
    *_, failures = table.columns
    if not any(failures.cells):
        table.columns.remove(failures)
    console.print(table)
