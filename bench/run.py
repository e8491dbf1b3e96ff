"""One run of the benchmark: all contenders, round by round, side by side."""

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.arena import Arena, open_arena
from bench.engines import PostgresDatabase, running_postgres
from bench.load import load_generator
from bench.machine import describe
from bench.measure import count_statements, measure
from bench.plan import counted, every_round, once
from bench.results import Cell, Measurement, Results, Statements
from bench.summary import figures, rows
from bench.workloads import WORKLOADS

Tell = Callable[[str], None]

SECONDS_ONCE = 1
"""How long those cells are measured that are not part of every round."""


def run(*, rounds: int, seconds: int, everything: bool, tell: Tell) -> Results:
    """Measure what the plan says; raise `InvalidRun` where an answer or the books are wrong.

    The cells of a round follow one another, so that a noisy machine strikes all of them alike.
    """
    load = load_generator()
    with (
        TemporaryDirectory(prefix="shop-bench-") as folder,
        running_postgres(Path(folder)) as postgres,
    ):
        tell("Furnishing the shops, starting the servers")
        with open_arena(Path(folder), postgres, load) as arena:
            # This warms everybody up, too.
            statements = [_count(arena, cell, tell) for cell in counted()]
            measurements: list[Measurement] = []
            for number in range(1, rounds + 1):
                measurements += _measure(arena, every_round(), number, seconds, tell)
                if everything:
                    share = once(number, rounds)
                    measurements += _measure(arena, share, number, SECONDS_ONCE, tell)
            tell("Auditing the books")
            arena.audit()
            machine = describe(Path(folder), postgres, load)
    return Results(
        machine=machine,
        rounds=rounds,
        seconds=seconds,
        figures=figures(measurements),
        rows=rows(measurements, statements),
        statements=statements,
        measurements=measurements,
    )


def told(cell: Cell) -> str:
    """Return a cell in a few words."""
    processes = f" in {cell.processes}" if cell.processes else ""
    return f"{cell.contender}{processes}, {cell.engine}, {cell.workload}, {cell.clients} clients"


def _count(arena: Arena, cell: Cell, tell: Tell) -> Statements:
    tell(f"Counting statements: {told(cell)}")
    key = (cell.engine, cell.contender, cell.processes)
    database = arena.databases[key]
    assert isinstance(database, PostgresDatabase)  # noqa: S101  The plan counts on no other.
    return count_statements(
        arena.contenders[key],
        database,
        cell,
        WORKLOADS[cell.workload],
        seconds=SECONDS_ONCE,
    )


def _measure(
    arena: Arena, cells: Sequence[Cell], number: int, seconds: int, tell: Tell
) -> Sequence[Measurement]:
    measured: list[Measurement] = []
    for cell in cells:
        contender = arena.contenders[cell.engine, cell.contender, cell.processes]
        workload = WORKLOADS[cell.workload]
        done = measure(arena.postgres, contender, cell, workload, number=number, seconds=seconds)
        tell(f"Round {number}: {told(cell)}: {done.per_second:,.0f}/s, p99 {done.p99_ms:.1f} ms")
        measured.append(done)
    return measured
