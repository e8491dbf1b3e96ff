"""One run of the benchmark: all contenders, round by round, side by side."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.arena import Arena, Key, open_arena
from bench.engines import PostgresDatabase, running_postgres
from bench.failures import Attempts
from bench.load import load_generator
from bench.machine import describe
from bench.measure import count_statements, measure
from bench.plan import counted, every_round, once
from bench.results import Cell, Failure, Measurement, Results, Statements, label
from bench.summary import figures, rows
from bench.workloads import WORKLOADS

Tell = Callable[[str], None]

SECONDS_ONCE = 1
"""How long those cells are measured that are not part of every round."""


def run(*, rounds: int, seconds: int, everything: bool, tell: Tell) -> Results:
    """Measure what the plan says; a measurement that fails is recorded with its reason.

    The cells of a round follow one another, so that a noisy machine strikes all of them alike.
    """
    load = load_generator()
    counting, measuring = Attempts(tell), Attempts(tell)
    with (
        TemporaryDirectory(prefix="shop-bench-") as folder,
        running_postgres(Path(folder)) as postgres,
    ):
        tell("Furnishing the shops, starting the servers")
        with open_arena(Path(folder), postgres, load) as arena:
            # This warms everybody up, too.
            statements = _count(arena, counting, tell)
            measurements: list[Measurement] = []
            for number in range(1, rounds + 1):
                measurements += _measure(arena, every_round(), number, seconds, measuring, tell)
                if everything:
                    share = once(number, rounds)
                    measurements += _measure(arena, share, number, SECONDS_ONCE, measuring, tell)
            tell("Auditing the books")
            faults = arena.audit()
            machine = describe(Path(folder), postgres, load)
    sound = [each for each in measurements if key_of(each.cell) not in faults]
    failures = [*measuring.failures, *audit_failures(measurements, faults)]
    statements = [each for each in statements if key_of(each.cell) not in faults]
    return Results(
        machine=machine,
        rounds=rounds,
        seconds=seconds,
        figures=figures(sound, failures),
        rows=rows(sound, statements, failures),
        statements=statements,
        measurements=sound,
        failures=[*counting.failures, *failures],
    )


def key_of(cell: Cell) -> Key:
    """Return the contender that a cell is about."""
    return cell.engine, cell.contender, cell.processes


def audit_failures(
    measurements: Sequence[Measurement], faults: Mapping[Key, str]
) -> Sequence[Failure]:
    """Return a failure for each cell whose contender has left a wrong database."""
    cells = dict.fromkeys(each.cell for each in measurements if key_of(each.cell) in faults)
    return [Failure(cell=cell, during="audit", reason=faults[key_of(cell)]) for cell in cells]


def _count(arena: Arena, attempts: Attempts, tell: Tell) -> Sequence[Statements]:
    done: list[Statements] = []
    for cell in counted():
        tell(f"Counting statements: {label(cell)}")
        database = arena.databases[key_of(cell)]
        assert isinstance(database, PostgresDatabase)  # noqa: S101  The plan counts on no other.
        work = partial(
            count_statements,
            arena.contenders[key_of(cell)],
            database,
            cell,
            WORKLOADS[cell.workload],
            seconds=SECONDS_ONCE,
        )
        statements = attempts.run(cell, "statement count", work)
        done += [] if statements is None else [statements]
    return done


def _measure(
    arena: Arena,
    cells: Sequence[Cell],
    number: int,
    seconds: int,
    attempts: Attempts,
    tell: Tell,
) -> Sequence[Measurement]:
    measured: list[Measurement] = []
    for cell in cells:
        work = partial(
            measure,
            arena.postgres,
            arena.contenders[key_of(cell)],
            cell,
            WORKLOADS[cell.workload],
            number=number,
            seconds=seconds,
        )
        done = attempts.run(cell, f"round {number}", work)
        if done is not None:
            tell(
                f"Round {number}: {label(cell)}: {done.per_second:,.0f}/s, p99 {done.p99_ms:.1f} ms"
            )
            measured.append(done)
    return measured
