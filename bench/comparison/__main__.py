"""Compares the speed of two revisions: `python -m bench.comparison BASE`."""

from typing import Annotated

import typer
from rich.console import Console

from bench.comparison.report import show
from bench.comparison.run import compare
from bench.comparison.workloads import WORKLOADS, ComparedWorkload, chosen
from bench.failures import FAILURES

MIN_PAIRS = 7
SECONDS = 3
WIDTH = 160

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


def _workloads(names: str) -> list[ComparedWorkload]:
    try:
        return list(chosen(names))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


@app.command(help=__doc__)
def main(
    base: Annotated[str, typer.Argument(help="The commit to compare the working tree with.")],
    *,
    pairs: Annotated[
        int, typer.Option(min=MIN_PAIRS, help="The number of pairs per workload.")
    ] = MIN_PAIRS,
    workloads: Annotated[
        str, typer.Option(help=f"Some of {', '.join(WORKLOADS)}; all if empty.")
    ] = "",
    seconds: Annotated[int, typer.Option(min=1, help="The duration of a measurement.")] = SECONDS,
) -> None:
    """Exit with 1 if head is slower by 3 % at a workload, or one has no result."""
    selected = _workloads(workloads)
    try:
        comparison = compare(base, workloads=selected, pairs=pairs, seconds=seconds, report=_report)
    except FAILURES as error:
        raise SystemExit(f"no result: {error}") from None
    show(comparison, Console(width=max(Console().width, WIDTH)))
    raise SystemExit(not comparison.is_passed)


def _report(line: str) -> None:
    typer.echo(line, err=True)


if __name__ == "__main__":
    app()
