"""Measures the shop beside its database alone and beside an ORM baseline."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bench.limits.run import run_limits
from bench.load import InvalidRun
from bench.reporting.plot import plot, plot_growth
from bench.reporting.report import rewrite_readme
from bench.reporting.terminal import show, show_growth, show_limits
from bench.results import FOLDER, Failure, Results, ScalingResults, read, write
from bench.run import run
from bench.scaling import measure_scaling

README = Path(__file__).parents[1] / "docs" / "benchmarks.md"

ROUNDS, SECONDS = 3, 2
WIDTH = 240

app = typer.Typer(
    add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__
)


@app.command()
def full() -> None:
    """Measure everything in about ten minutes; store the results as `latest` and `limits`."""
    _store("latest", run(rounds=ROUNDS, seconds=SECONDS, everything=True, report=_report))
    _store_limits("limits", rounds=ROUNDS, seconds=SECONDS, everything=True)


@app.command()
def quick() -> None:
    """Measure only what the figures need, in about a minute; store it as `quick`."""
    _store("quick", run(rounds=1, seconds=1, everything=False, report=_report))


@app.command()
def limits(*, quick: Annotated[bool, typer.Option(help="In a minute: one round.")] = False) -> None:
    """Measure the shop beside what its machine can do; store it as `limits`."""
    if quick:
        _store_limits("quick-limits", rounds=1, seconds=1, everything=False)
    else:
        _store_limits("limits", rounds=ROUNDS, seconds=SECONDS, everything=True)


@app.command()
def growth() -> None:
    """Measure a shop with up to a million orders and products; store it as `growth`."""
    results = measure_scaling(_report)
    file = write("growth", results)
    plot_growth(results, [file.with_suffix(".png"), file.with_suffix(".svg")])
    show_growth(results, _console())
    _require_complete(results.failures)


@app.command()
def readme() -> None:
    """Write the latest results into docs/benchmarks.md."""
    scaling, limits = FOLDER / "growth.json", FOLDER / "limits.json"
    rewrite_readme(
        README,
        read(FOLDER / "latest.json", Results),
        read(scaling, ScalingResults) if scaling.exists() else None,
        read(limits, Results) if limits.exists() else None,
    )


def _store(name: str, results: Results) -> None:
    file = write(name, results)
    plot(results, [file.with_suffix(".png"), file.with_suffix(".svg")])
    show(results, _console())
    _require_complete(results.failures)


def _store_limits(name: str, *, rounds: int, seconds: int, everything: bool) -> None:
    results = run_limits(rounds=rounds, seconds=seconds, everything=everything, report=_report)
    write(name, results)
    show_limits(results, _console())
    _require_complete(results.failures)


def _require_complete(failures: Sequence[Failure]) -> None:
    """Exit with an error if a measurement has failed; the others are stored."""
    if failures:
        raise SystemExit(f"measurements without a result: {len(failures)}")


def _console() -> Console:
    return Console(width=max(Console().width, WIDTH))


def _report(what: str) -> None:
    typer.echo(what, err=True)


def main() -> None:
    """Run the command; a run that cannot start stores no results."""
    try:
        app()
    except InvalidRun as invalid:
        raise SystemExit(f"no result: {invalid}") from None


if __name__ == "__main__":
    main()
