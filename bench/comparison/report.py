"""Prints a comparison as a table."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bench.comparison.results import Comparison, Row
from bench.reporting.formats import NO_RESULT, describe_machine

MIN_VERDICT_WIDTH = 40


def show(comparison: Comparison, console: Console) -> None:
    """Print the comparison of head with base at each workload."""
    base, head = comparison.base, comparison.head
    console.print(escape(describe_machine(comparison.machine)), soft_wrap=True)
    console.print(f"base: {base.name}\nhead: {head.name}", highlight=False, soft_wrap=True)
    table = Table(box=None)
    table.add_column("workload", no_wrap=True)
    for heading in ("", "base", "head", "ratio", "95 % interval", "pairs"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("verdict", min_width=MIN_VERDICT_WIDTH, overflow="fold")
    for row in comparison.rows:
        table.add_row(row.workload.name, row.workload.measure.value, *_cells(row))
    console.print(table)
    console.print(
        f"Pairs of {comparison.seconds} s each, load by {comparison.machine.load_generator}."
        " Ratio: the median over the pairs, above 1 if head is better. Slower by 3 %: the whole"
        " interval lies below 0.97.",
        highlight=False,
        soft_wrap=True,
    )


def _cells(row: Row) -> Sequence[str]:
    count = str(len(row.pairs))
    if row.failure:
        return ["", "", NO_RESULT, "", count, escape(f"{NO_RESULT}: {row.failure.reason}")]
    ratio = row.ratio
    return [
        f"{row.base:,.1f}",
        f"{row.head:,.1f}",
        f"{ratio.median:.3f}",
        f"{ratio.low:.3f} to {ratio.high:.3f}",
        count,
        _verdict(row),
    ]


def _verdict(row: Row) -> str:
    if row.is_slower:
        return "slower by 3 %"
    return "faster by 3 %" if row.is_faster else ""
