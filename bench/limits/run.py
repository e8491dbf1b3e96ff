"""Runs the limits, round by round."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.databases import running_postgres
from bench.failures import Attempts
from bench.limits.schedule import FIGURES, cells
from bench.limits.setup import open_limits
from bench.load import load_generator
from bench.machine import describe
from bench.reporting.summary import figures, rows
from bench.results import Measurement, Results
from bench.run import audit_failures, key_of, measure_cells


def run_limits(
    *, rounds: int, seconds: int, everything: bool, report: Callable[[str], None]
) -> Results:
    """Measure the shop beside the limits of its machine; record failures with their reasons."""
    load, attempts = load_generator(), Attempts(report)
    schedule = cells(everything=everything)
    with (
        TemporaryDirectory(prefix="shop-bench-") as folder,
        running_postgres(Path(folder)) as postgres,
    ):
        report("Seeding the databases and starting the servers")
        with open_limits(Path(folder), postgres, load) as benchmark:
            measurements: list[Measurement] = []
            # Round 0 warms up.
            for number in range(0 if everything else 1, rounds + 1):
                measured = measure_cells(benchmark, schedule, number, seconds, attempts, report)
                measurements += measured if number else []
            report("Auditing the databases")
            faults = benchmark.audit()
            machine = describe(Path(folder), postgres, load)
    valid = [each for each in measurements if key_of(each.cell) not in faults]
    failures = [*attempts.failures, *audit_failures(measurements, faults)]
    return Results(
        machine=machine,
        rounds=rounds,
        seconds=seconds,
        figures=figures(valid, failures, FIGURES),
        rows=rows(valid, failures=failures),
        statements=[],
        measurements=valid,
        failures=failures,
    )
