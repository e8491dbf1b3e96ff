"""Growth: the same load on a shop of ten thousand, and on one of a million orders and products."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from bench.arena import audit
from bench.contenders import SQL, Served
from bench.engines import POSTGRESQL, Postgres, PostgresDatabase, running_postgres
from bench.load import LoadGenerator, load_generator
from bench.machine import describe
from bench.measure import measure
from bench.premises import EUR, ORDERS, PRICE, READERS, PlacedOrder, Premises, furnish, settings
from bench.processes import memory_bytes
from bench.results import Cell, Growth, Measurement, Size
from bench.servers import Server, serving, shop_command
from bench.summary import growth_figures, rows
from bench.workloads import READ_ORDER, READ_PRODUCTS, SPREAD, Workload
from shop.domain.account import ShopAccount
from shop.domain.inventory import MAX_ON_HAND

SIZES = (10**4, 10**5, 10**6)
CLIENTS = 32
ROUNDS, SECONDS = 3, 3
GROWING = "growing"
MIB = 2**20

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shop:
    """A shop of one size, and what was measured of it."""

    size: int
    server: Server
    contender: Served
    measurements: list[Measurement] = field(default_factory=list)

    @property
    def workloads(self) -> Sequence[Workload]:
        return replace(SPREAD, products=self.size), READ_ORDER, READ_PRODUCTS

    def warm_up(self) -> None:
        for workload in self.workloads:
            self.contender.run(workload, CLIENTS, 1)

    def measure(self, postgres: Postgres, number: int, tell: Tell) -> None:
        for workload in self.workloads:
            done = measure(
                postgres, self.contender, _cell(workload), workload, number=number, seconds=SECONDS
            )
            tell(f"Round {number}: {self.size:,}: {workload.name}: {done.per_second:,.0f}/s")
            self.measurements.append(done)

    def result(self) -> Size:
        return Size(
            orders=self.size,
            rows=rows(self.measurements),
            measurements=self.measurements,
            server_mib=memory_bytes(self.server.pid) / MIB,
        )


def grow(tell: Tell) -> Growth:
    """Measure a shop of each size, round by round, side by side.

    Raise `InvalidRun` where an answer or the books are wrong.
    """
    load = load_generator()
    with (
        TemporaryDirectory(prefix="shop-bench-") as folder,
        running_postgres(Path(folder)) as postgres,
        ExitStack() as stack,
    ):
        databases = _databases(postgres, Path(folder), tell)
        shops = [
            _open(stack, postgres.address(name), size, load, Path(folder, name))
            for size, name in databases.items()
        ]
        for shop in shops:
            shop.warm_up()
        for number in range(1, ROUNDS + 1):
            for shop in shops:
                shop.measure(postgres, number, tell)
        sizes = [shop.result() for shop in shops]
        tell("Auditing the books")
        for name in databases.values():
            audit(PostgresDatabase(postgres, name), {})
        machine = describe(Path(folder), postgres, load)
    return Growth(
        machine=machine,
        rounds=ROUNDS,
        seconds=SECONDS,
        figures=growth_figures(sizes),
        sizes=sizes,
    )


def _databases(postgres: Postgres, folder: Path, tell: Tell) -> Mapping[int, str]:
    """Return the databases by size, each with the files of what is asked of it in its folder."""
    postgres.create(GROWING)
    tokens = furnish(postgres.address(GROWING)).tokens
    databases: dict[int, str] = {}
    for size in SIZES:
        tell(f"Growing to {size:,} orders and products")
        postgres.run_file(GROWING, SQL / "grow.sql", variables(size))
        name = databases[size] = f"shop_of_{size}"
        postgres.create(name, GROWING)
        Path(folder, name).mkdir()
        wanted = {"readers": str(READERS), "orders": str(ORDERS)}
        sample = postgres.run_file(name, SQL / "sample.sql", wanted)
        Premises(tokens=tokens, orders=_orders(sample, tokens)).write_to(Path(folder, name))
    return databases


def variables(size: int) -> Mapping[str, str]:
    """Return what `grow.sql` has to know to bring a shop to a size."""
    return {
        "size": str(size),
        "price": str(PRICE),
        "stock": str(MAX_ON_HAND),
        "sales": str(ShopAccount.SALES.id_in(EUR)),
    }


def _orders(sample: str, tokens: Sequence[str]) -> Sequence[PlacedOrder]:
    found = (line.split("|") for line in sample.splitlines())
    return [PlacedOrder(id=UUID(order), token=tokens[int(number)]) for order, number in found]


def _open(stack: ExitStack, address: str, size: int, load: LoadGenerator, folder: Path) -> _Shop:
    server = stack.enter_context(serving(shop_command(1), settings(address), folder))
    server.wait_until_open()
    contender = Served(
        engine=POSTGRESQL, name="shop", processes=1, server=server, load=load, files=folder
    )
    return _Shop(size=size, server=server, contender=contender)


def _cell(workload: Workload) -> Cell:
    return Cell(
        engine=POSTGRESQL,
        contender="shop",
        processes=1,
        workload=workload.name,
        clients=CLIENTS,
    )
