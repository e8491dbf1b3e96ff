"""Measures the same load on shops with 10,000 to 1,000,000 orders and products."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from bench.databases import POSTGRESQL, Postgres, PostgresDatabase, running_postgres
from bench.failures import FAILURES, Attempts, reason_of
from bench.fixtures import (
    EUR,
    ORDERS,
    PRICE,
    READERS,
    Fixtures,
    PlacedOrder,
    seed_database,
    settings,
)
from bench.load import LoadGenerator, load_generator
from bench.machine import describe
from bench.measure import MIB, measure
from bench.processes import memory_bytes
from bench.reporting.summary import rows, scaling_figures
from bench.results import Cell, DatasetSize, Failure, Measurement, ScalingResults
from bench.servers import Server, serving, shop_command
from bench.setup import audit
from bench.subjects import SQL, Subject, start_subject
from bench.workloads import MANY_PRODUCTS, READ_ORDER, READ_PRODUCTS, Workload
from shop.domain.account import ShopAccount
from shop.domain.inventory import MAX_ON_HAND

SIZES = (10**4, 10**5, 10**6)
CLIENTS = 32
ROUNDS, SECONDS = 3, 3
TEMPLATE = "growing"

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _ScaledShop:
    """A shop of one size and its measurements."""

    size: int
    server: Server
    subject: Subject
    attempts: Attempts
    measurements: list[Measurement] = field(default_factory=list)

    @property
    def workloads(self) -> Sequence[Workload]:
        return replace(MANY_PRODUCTS, products=self.size), READ_ORDER, READ_PRODUCTS

    def warm_up(self) -> None:
        for workload in self.workloads:
            work = partial(self.subject.run, workload, CLIENTS, 1)
            self.attempts.run(_cell(workload), "warm-up", work)

    def measure(self, postgres: Postgres, number: int, report: Report) -> None:
        for workload in self.workloads:
            work = partial(
                measure,
                postgres,
                self.subject,
                _cell(workload),
                workload,
                number=number,
                seconds=SECONDS,
            )
            done = self.attempts.run(_cell(workload), f"round {number}", work)
            if done is not None:
                report(f"Round {number}: {self.size:,}: {workload.name}: {done.per_second:,.0f}/s")
                self.measurements.append(done)

    def result(self, database: PostgresDatabase) -> DatasetSize:
        """Return the results; no measurement counts if the audit of the database fails."""
        is_running = self.server.process.poll() is None
        mib = memory_bytes(self.server.pid) / MIB if is_running else 0.0
        measurements, failures = self.measurements, list(self.attempts.failures)
        try:
            audit(database, {})
        except FAILURES as error:
            measurements = []
            failures += [
                Failure(cell=_cell(workload), during="audit", reason=reason_of(error))
                for workload in self.workloads
            ]
        return DatasetSize(
            orders=self.size,
            rows=rows(measurements, failures=failures),
            measurements=measurements,
            server_mib=mib,
            failures=failures,
        )


def measure_scaling(report: Report) -> ScalingResults:
    """Measure a shop of each size, round by round, side by side.

    A measurement that fails is recorded with its reason.
    """
    load = load_generator()
    with (
        TemporaryDirectory(prefix="shop-bench-") as folder,
        running_postgres(Path(folder)) as postgres,
        ExitStack() as stack,
    ):
        databases = _databases(postgres, Path(folder), report)
        shops = [
            _open(stack, postgres.address(name), size, load, Path(folder, name), report)
            for size, name in databases.items()
        ]
        for shop in shops:
            shop.warm_up()
        for number in range(1, ROUNDS + 1):
            for shop in shops:
                shop.measure(postgres, number, report)
        report("Auditing the databases")
        sizes = [shop.result(PostgresDatabase(postgres, databases[shop.size])) for shop in shops]
        machine = describe(Path(folder), postgres, load)
    return ScalingResults(
        machine=machine,
        rounds=ROUNDS,
        seconds=SECONDS,
        figures=scaling_figures(sizes),
        sizes=sizes,
    )


def _databases(postgres: Postgres, folder: Path, report: Report) -> Mapping[int, str]:
    """Create a database of each size, and its load files in its folder; return them."""
    postgres.create(TEMPLATE)
    tokens = seed_database(postgres.address(TEMPLATE)).tokens
    databases: dict[int, str] = {}
    for size in SIZES:
        report(f"Growing to {size:,} orders and products")
        postgres.run_file(TEMPLATE, SQL / "grow.sql", variables(size))
        name = databases[size] = f"shop_of_{size}"
        postgres.create(name, TEMPLATE)
        Path(folder, name).mkdir()
        orders = sampled_orders(postgres, name, tokens)
        Fixtures(tokens=tokens, orders=orders).write_to(Path(folder, name))
    return databases


def variables(size: int) -> Mapping[str, str]:
    """Return the variables of `grow.sql` for a size."""
    return {
        "size": str(size),
        "price": str(PRICE),
        "stock": str(MAX_ON_HAND),
        "sales": str(ShopAccount.SALES.account_id(EUR)),
    }


def sampled_orders(
    postgres: Postgres, database: str, tokens: Sequence[str]
) -> Sequence[PlacedOrder]:
    """Return orders from all of a grown database, with the tokens of their customers."""
    sample_size = {"readers": str(READERS), "orders": str(ORDERS)}
    sample = postgres.run_file(database, SQL / "sample.sql", sample_size)
    found = (line.split("|") for line in sample.splitlines())
    return [PlacedOrder(id=UUID(order), token=tokens[int(number)]) for order, number in found]


def _open(
    stack: ExitStack, address: str, size: int, load: LoadGenerator, folder: Path, report: Report
) -> _ScaledShop:
    server = stack.enter_context(serving(shop_command(1), settings(address), folder))
    subject = start_subject(
        [server], engine=POSTGRESQL, name="shop", processes=1, load=load, files=folder
    )
    return _ScaledShop(size=size, server=server, subject=subject, attempts=Attempts(report))


def _cell(workload: Workload) -> Cell:
    return Cell(
        engine=POSTGRESQL,
        subject="shop",
        processes=1,
        workload=workload.name,
        clients=CLIENTS,
    )
