"""Runs the benchmark: all subjects side by side, round by round."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.databases import PostgresDatabase, running_postgres
from bench.failures import Attempts
from bench.load import load_generator
from bench.machine import describe
from bench.measure import count_statements, measure
from bench.reporting.summary import figures, rows
from bench.results import Cell, Failure, Measurement, Results, Statements, label
from bench.schedule import counted, every_round, once
from bench.setup import Benchmark, SubjectKey, open_benchmark
from bench.workloads import WORKLOADS

Report = Callable[[str], None]

SECONDS_ONCE = 1
"""The duration of measurements that are not part of every round."""


def run(*, rounds: int, seconds: int, everything: bool, report: Report) -> Results:
    """Measure the schedule; record a failed measurement with its reason.

    The cells of a round follow one another, so that a noisy machine affects all of them.
    """
    load = load_generator()
    counting, measuring = Attempts(report), Attempts(report)
    with (
        TemporaryDirectory(prefix="shop-bench-") as folder,
        running_postgres(Path(folder)) as postgres,
    ):
        report("Seeding the databases and starting the servers")
        with open_benchmark(Path(folder), postgres, load) as benchmark:
            # This also warms up all subjects.
            statements = _count(benchmark, counting, report)
            measurements: list[Measurement] = []
            for number in range(1, rounds + 1):
                measurements += measure_cells(
                    benchmark, every_round(), number, seconds, measuring, report
                )
                if everything:
                    share = once(number, rounds)
                    measurements += measure_cells(
                        benchmark, share, number, SECONDS_ONCE, measuring, report
                    )
            report("Auditing the databases")
            faults = benchmark.audit()
            machine = describe(Path(folder), postgres, load)
    valid = [each for each in measurements if key_of(each.cell) not in faults]
    failures = [*measuring.failures, *audit_failures(measurements, faults)]
    statements = [each for each in statements if key_of(each.cell) not in faults]
    return Results(
        machine=machine,
        rounds=rounds,
        seconds=seconds,
        figures=figures(valid, failures),
        rows=rows(valid, statements, failures),
        statements=statements,
        measurements=valid,
        failures=[*counting.failures, *failures],
    )


def key_of(cell: Cell) -> SubjectKey:
    """Return the key of a cell's subject."""
    return cell.engine, cell.subject, cell.processes


def audit_failures(
    measurements: Sequence[Measurement], faults: Mapping[SubjectKey, str]
) -> Sequence[Failure]:
    """Return a failure for each cell of a subject whose database fails the audit."""
    cells = dict.fromkeys(each.cell for each in measurements if key_of(each.cell) in faults)
    return [Failure(cell=cell, during="audit", reason=faults[key_of(cell)]) for cell in cells]


def _count(benchmark: Benchmark, attempts: Attempts, report: Report) -> Sequence[Statements]:
    done: list[Statements] = []
    for cell in counted():
        report(f"Counting statements: {label(cell)}")
        database = benchmark.databases[key_of(cell)]
        assert isinstance(database, PostgresDatabase)  # noqa: S101  Only PostgreSQL counts statements.
        work = partial(
            count_statements,
            benchmark.subjects[key_of(cell)],
            database,
            cell,
            WORKLOADS[cell.workload],
            seconds=SECONDS_ONCE,
        )
        statements = attempts.run(cell, "statement count", work)
        done += [] if statements is None else [statements]
    return done


def measure_cells(
    benchmark: Benchmark,
    cells: Sequence[Cell],
    number: int,
    seconds: int,
    attempts: Attempts,
    report: Report,
) -> Sequence[Measurement]:
    """Measure cells one after another; record failed ones with `attempts`."""
    measured: list[Measurement] = []
    for cell in cells:
        workload = WORKLOADS[cell.workload]
        work = partial(
            measure,
            benchmark.postgres,
            benchmark.subjects[key_of(cell)],
            cell,
            workload,
            number=number,
            seconds=seconds * workload.length,
        )
        done = attempts.run(cell, f"round {number}", work)
        if done is not None:
            report(
                f"Round {number}: {label(cell)}: {done.per_second:,.0f}/s, p99 {done.p99_ms:.1f} ms"
            )
            measured.append(done)
    return measured
