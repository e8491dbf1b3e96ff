"""The subjects: servers behind HTTP, or pgbench on the database."""

import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from bench.databases import Postgres
from bench.fixtures import CUSTOMERS, EUR
from bench.load import InvalidRun, LoadGenerator, PythonLoadGenerator, Responses
from bench.servers import Server
from bench.workloads import Workload
from shop.domain.account import ShopAccount

SQL = Path(__file__).with_name("sql")
IDLE_SECONDS = 0.3

LEAN_ROWS = 10_000
"""The products, customers and grown orders of the lean limit."""


class Subject(ABC):
    """A system under test."""

    def __init__(self, *, engine: str, name: str, processes: int) -> None:
        self.engine = engine
        self.name = name
        self.processes = processes
        self.acknowledged = 0

    @property
    @abstractmethod
    def server_pid(self) -> int | None:
        """The server's process; None if there is only the load generator."""

    @abstractmethod
    def wait_until_idle(self) -> None:
        """Wait for the work of earlier runs; raise `RuntimeError` if the server ended.

        Otherwise, requests that were running at the end of a run would be part of the next.
        """

    def prepare(self) -> None:
        """Make the subject ready for a measurement."""
        self.wait_until_idle()

    def finish(self) -> None:
        """Let the subject end a measurement."""
        self.wait_until_idle()

    def run(self, workload: Workload, clients: int, seconds: int) -> Responses:
        """Run a workload for some seconds; raise `InvalidRun` for an unexpected response.

        Acknowledged orders are counted.
        """
        responses = self._run(workload, clients, seconds)
        self.acknowledged += responses.orders
        return responses

    @abstractmethod
    def _run(self, workload: Workload, clients: int, seconds: int) -> Responses: ...


class HttpSubject(Subject):
    """A server to which the load generator sends requests."""

    def __init__(
        self,
        *,
        engine: str,
        name: str,
        processes: int,
        server: Server,
        load: LoadGenerator,
        files: Path,
    ) -> None:
        super().__init__(engine=engine, name=name, processes=processes)
        self._server = server
        self._load = load
        self._files = files

    @property
    def server_pid(self) -> int | None:
        """The server's process."""
        return self._server.pid

    def wait_until_idle(self) -> None:
        """Wait until the server is idle."""
        self._server.wait_until_idle()

    def _run(self, workload: Workload, clients: int, seconds: int) -> Responses:
        # Only this one does not time rejections.
        load = PythonLoadGenerator() if workload.may_be_rejected else self._load
        try:
            return load.run(
                workload, self._server.url, self._files, clients, seconds, self.wait_until_idle
            )
        except InvalidRun as invalid:
            invalid.add_note(f"Last lines of the server's log:\n{self._server.last_lines()}")
            raise


class FailedSubject(Subject):
    """Replaces a server that did not start: each run fails with the reason."""

    def __init__(self, *, engine: str, name: str, processes: int, reason: str) -> None:
        super().__init__(engine=engine, name=name, processes=processes)
        self._reason = reason

    @property
    def server_pid(self) -> int | None:
        """None: there is no server."""
        return None

    def wait_until_idle(self) -> None:
        """Return at once."""

    def _run(self, workload: Workload, clients: int, seconds: int) -> Responses:
        del workload, clients, seconds
        raise InvalidRun(self._reason)


def start_subject(
    servers: Sequence[Server],
    *,
    engine: str,
    name: str,
    processes: int,
    load: LoadGenerator,
    files: Path,
) -> Subject:
    """Return the last of these servers as a subject, once all of them respond."""
    try:
        for server in servers:
            server.wait_until_open()
    except RuntimeError as error:
        return FailedSubject(
            engine=engine, name=name, processes=processes, reason=f"not started: {error}"
        )
    return HttpSubject(
        engine=engine,
        name=name,
        processes=processes,
        server=servers[-1],
        load=load,
        files=files,
    )


class PgbenchSubject(Subject):
    """An SQL script that pgbench runs: one order per transaction, prepared statements."""

    def __init__(
        self, *, name: str, postgres: Postgres, database: str, script: Path, threads: int = 1
    ) -> None:
        super().__init__(engine="postgresql", name=name, processes=0)
        self._threads = threads
        self._postgres = postgres
        self._database = database
        self._script = script

    @property
    def server_pid(self) -> int | None:
        """None: there is only the database server."""
        return None

    def wait_until_idle(self) -> None:
        """Give the database a moment; pgbench leaves nothing running."""
        time.sleep(IDLE_SECONDS)

    def _run(self, workload: Workload, clients: int, seconds: int) -> Responses:
        return self.run_until(f"--time={seconds}", workload, clients, seconds)

    def run_until(
        self, end: str, workload: Workload, clients: int = 1, seconds: float = 1
    ) -> Responses:
        """Run the script until the end that a pgbench option sets; raise `InvalidRun`."""
        variables = {
            "n": "0",
            "clients": str(clients),
            "customers": str(CUSTOMERS),
            "products": str(workload.products),
            "rows": str(LEAN_ROWS),
            "run": f"run{uuid4().hex[:12]}",
            "sales": str(ShopAccount.SALES.account_id(EUR)),
        }
        with TemporaryDirectory(prefix="shop-bench-") as folder:
            arguments = [
                "--no-vacuum",
                "--protocol=prepared",
                f"--client={clients}",
                f"--jobs={min(self._threads, clients)}",
                f"--file={self._script}",
                "--log",
                f"--log-prefix={folder}/times",
                end,
            ]
            output = self._postgres.pgbench(self._database, arguments, variables)
            times = sorted(
                int(line.split()[2]) / 1000
                for log in Path(folder).iterdir()
                for line in log.read_text().splitlines()
            )
        if "number of failed transactions: 0 " not in output or not times:
            raise InvalidRun(f"{self.name}: {output}")
        return Responses(
            seconds=seconds,
            done=len(times),
            orders=len(times),
            p50_ms=times[len(times) // 2],
            p99_ms=times[len(times) * 99 // 100],
        )


def database_limit(postgres: Postgres, database: str) -> PgbenchSubject:
    """Return the subject that sends an order's statements; it changes the database."""
    postgres.run_file(database, SQL / "numbered_tokens.sql", {})
    return PgbenchSubject(
        name="database limit",
        postgres=postgres,
        database=database,
        script=SQL / "database_limit.sql",
    )


def stored_procedure(postgres: Postgres, database: str) -> PgbenchSubject:
    """Return the subject that calls one function per order; it changes the database."""
    postgres.run_file(database, SQL / "numbered_tokens.sql", {})
    postgres.run_file(database, SQL / "stored_procedure.sql", {})
    return PgbenchSubject(
        name="stored procedure",
        postgres=postgres,
        database=database,
        script=SQL / "call_stored_procedure.sql",
    )


def lean_limit(postgres: Postgres, database: str) -> PgbenchSubject:
    """Return the subject that sends the ten statements of a lean order; it fills the database."""
    postgres.run_file(database, SQL / "lean_schema.sql", {"rows": str(LEAN_ROWS)})
    return PgbenchSubject(
        name="lean limit",
        postgres=postgres,
        database=database,
        script=SQL / "lean_order.sql",
        threads=2,
    )
