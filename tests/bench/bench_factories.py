"""Results of the benchmark, as tests need them."""

from collections.abc import Iterable, Sequence

from bench.reporting.summary import figures, rows, scaling_figures
from bench.results import (
    Cell,
    Cores,
    DatasetSize,
    Failure,
    Machine,
    Measurement,
    Results,
    ScalingResults,
    Statements,
)
from bench.workloads import MANY_PRODUCTS

MACHINE = Machine(
    processor="Abacus",
    cores=2,
    memory_gib=24,
    kernel="Linux 6.1",
    filesystem="ext4",
    python="3.13.1",
    postgresql="18.1",
    sqlite="3.50.0",
    load_generator="wrk 4.2.0",
)


def sound_results() -> Results:
    return results_of(
        [
            *limit_measurements(number=1, per_second=1000),
            measured("ORM baseline", 128, 300, number=1),
            measured("shop", 128, 1500, number=1),
        ]
    )


def results_with_a_failure() -> Results:
    reason = "no response within 64 s"
    return results_of(
        [*limit_measurements(number=1, per_second=1000), measured("shop", 128, 1500, number=1)],
        [Failure(cell=cell("ORM baseline", 128), during="round 1", reason=reason)],
    )


def results_of(measurements: Sequence[Measurement], failures: Sequence[Failure] = ()) -> Results:
    statements = [Statements(cell=cell("shop", 128), statements=0.25, commits=0.0625)]
    return Results(
        machine=MACHINE,
        rounds=1,
        seconds=2,
        figures=figures(measurements, failures),
        rows=rows(measurements, statements, failures),
        statements=statements,
        measurements=measurements,
        failures=list(failures),
    )


def sound_growth() -> ScalingResults:
    sizes = [dataset_size(10_000, 1000), dataset_size(1_000_000, 900)]
    return ScalingResults(
        machine=MACHINE, rounds=1, seconds=2, figures=scaling_figures(sizes), sizes=sizes
    )


def dataset_size(orders: int, per_second: float) -> DatasetSize:
    measurements = [measured("shop", 32, per_second, number=1)]
    return DatasetSize(
        orders=orders, server_mib=80, rows=rows(measurements), measurements=measurements
    )


def limit_measurements(*, number: int, per_second: float) -> Iterable[Measurement]:
    yield measured("database limit", 8, per_second / 2, number=number)
    yield measured("database limit", 16, per_second, number=number)


def measured(subject: str, clients: int, per_second: float, *, number: int) -> Measurement:
    return Measurement(
        cell=cell(subject, clients),
        round=number,
        per_second=per_second,
        p50_ms=20,
        p99_ms=40,
        cores=Cores(server=0.9, database=0.5, load=0.1, others=0.2),
    )


def cell(subject: str, clients: int) -> Cell:
    return Cell(
        engine="postgresql",
        subject=subject,
        processes=0 if subject == "database limit" else 1,
        workload=MANY_PRODUCTS.name,
        clients=clients,
    )
