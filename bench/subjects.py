"""Contenders: who takes a workload, as a server behind HTTP or as pgbench on the database."""

import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from bench.databases import Postgres
from bench.fixtures import CUSTOMERS, EUR
from bench.load import InvalidRun, LoadGenerator, Responses
from bench.servers import Server
from bench.workloads import Workload
from shop.domain.account import ShopAccount

SQL = Path(__file__).with_name("sql")
IDLE_SECONDS = 0.3


class Subject(ABC):
    """One of those who are measured side by side."""

    def __init__(self, *, engine: str, name: str, processes: int) -> None:
        self.engine = engine
        self.name = name
        self.processes = processes
        self.acknowledged = 0

    @property
    @abstractmethod
    def server_pid(self) -> int | None:
        """The process that serves; None where the load generator is all there is."""

    @abstractmethod
    def wait_until_idle(self) -> None:
        """Wait for the work that is left from earlier runs; raise `RuntimeError` if it has ended.

        Requests that were under way at the end of a run are not to be part of the next.
        """

    def run(self, workload: Workload, clients: int, seconds: int) -> Responses:
        """Take a workload for so long; raise `InvalidRun` where an answer is not as it should be.

        The orders that were acknowledged are remembered.
        """
        responses = self._run(workload, clients, seconds)
        self.acknowledged += responses.orders
        return responses

    @abstractmethod
    def _run(self, workload: Workload, clients: int, seconds: int) -> Responses: ...


class HttpSubject(Subject):
    """A server, asked by the load generator."""

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
        """The process that serves."""
        return self._server.pid

    def wait_until_idle(self) -> None:
        """Wait until the server is quiet."""
        self._server.wait_until_idle()

    def _run(self, workload: Workload, clients: int, seconds: int) -> Responses:
        try:
            return self._load.run(
                workload, self._server.url, self._files, clients, seconds, self.wait_until_idle
            )
        except InvalidRun as invalid:
            invalid.add_note(f"Last lines of the server's log:\n{self._server.last_lines()}")
            raise


class FailedSubject(Subject):
    """Stands in place of a server that did not start: each of its runs fails with the reason."""

    def __init__(self, *, engine: str, name: str, processes: int, reason: str) -> None:
        super().__init__(engine=engine, name=name, processes=processes)
        self._reason = reason

    @property
    def server_pid(self) -> int | None:
        """None: no server is there."""
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
    """Return the contender that the last of these servers is, once all of them answer."""
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
    """A script of SQL, run by pgbench: one order per transaction, statements prepared."""

    def __init__(self, *, name: str, postgres: Postgres, database: str, script: Path) -> None:
        super().__init__(engine="postgresql", name=name, processes=0)
        self._postgres = postgres
        self._database = database
        self._script = script

    @property
    def server_pid(self) -> int | None:
        """None: no server is there but the database's."""
        return None

    def wait_until_idle(self) -> None:
        """Give the database a moment: pgbench leaves nothing under way."""
        time.sleep(IDLE_SECONDS)

    def _run(self, workload: Workload, clients: int, seconds: int) -> Responses:
        return self.run_until(f"--time={seconds}", workload, clients, seconds)

    def run_until(
        self, end: str, workload: Workload, clients: int = 1, seconds: float = 1
    ) -> Responses:
        """Run the script until pgbench's own notion of an end; raise `InvalidRun`."""
        variables = {
            "n": "0",
            "clients": str(clients),
            "customers": str(CUSTOMERS),
            "products": str(workload.products),
            "run": f"run{uuid4().hex[:12]}",
            "sales": str(ShopAccount.SALES.account_id(EUR)),
        }
        with TemporaryDirectory(prefix="shop-bench-") as folder:
            arguments = [
                "--no-vacuum",
                "--protocol=prepared",
                f"--client={clients}",
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
    """Return the order's own statements, in a database that is this one's from now on."""
    postgres.run_file(database, SQL / "numbered_tokens.sql", {})
    return PgbenchSubject(
        name="limit", postgres=postgres, database=database, script=SQL / "limit.sql"
    )


def stored_procedure(postgres: Postgres, database: str) -> PgbenchSubject:
    """Return the same order as one function, in a database that is this one's from now on."""
    postgres.run_file(database, SQL / "numbered_tokens.sql", {})
    postgres.run_file(database, SQL / "procedure.sql", {})
    return PgbenchSubject(
        name="procedure", postgres=postgres, database=database, script=SQL / "call.sql"
    )
