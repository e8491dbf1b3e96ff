"""The subjects that only this part of the benchmark has: loops, and a young shop."""

import json
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from bench.databases import NO_DATABASE, POSTGRESQL, SQLITE, Postgres, PostgresDatabase
from bench.load import InvalidRun, LoadGenerator, Responses
from bench.servers import ROOT, Server, serving, shop_command
from bench.setup import audit
from bench.subjects import Subject
from bench.workloads import Workload

SETTINGS = {"SHOP_RATE_LIMITS": "off"}
"""Without limits, one address may have as many connections as an overload needs."""


class Loop(Subject):
    """A loop in a process of its own; its latencies are those of groups."""

    @property
    def server_pid(self) -> int | None:
        """None: the loop is the load generator as well."""
        return None

    def wait_until_idle(self) -> None:
        """Return at once."""

    def _statistics(self, module: str, *arguments: object) -> dict[str, float]:
        """Run the module with arguments; raise `InvalidRun` if it fails."""
        completed = subprocess.run(
            [sys.executable, "-m", module, *map(str, arguments)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        if completed.returncode:
            raise InvalidRun(f"{self.name}: {completed.stderr.strip()}")
        done: dict[str, float] = json.loads(completed.stdout)
        return done


class SqliteLoop(Loop):
    """Orders in SQLite, in groups."""

    def __init__(self, *, kind: str, file: Path | None, folder: Path) -> None:
        super().__init__(engine=SQLITE, name=f"{kind} loop", processes=0)
        self._kind = kind
        self._file = file
        self._folder = folder
        self._numbers = count(1)

    def _run(self, workload: Workload, clients: int, seconds: int) -> Responses:
        del clients
        file = self._file or self._folder / f"{self._kind}-{next(self._numbers)}.db"
        done = self._statistics(
            "bench.limits.sqlite_loop", self._kind, file, workload.products, seconds
        )
        return Responses(
            seconds=done["seconds"],
            done=done["orders"],
            orders=int(done["orders"]),
            p50_ms=done["p50_ms"],
            p99_ms=done["p99_ms"],
        )


class QuoteLoop(Loop):
    """Quotes of one cart; the seconds are those of the processor."""

    def __init__(self) -> None:
        super().__init__(engine=NO_DATABASE, name="quote loop", processes=0)

    def _run(self, workload: Workload, clients: int, seconds: int) -> Responses:
        del workload, clients
        done = self._statistics("bench.limits.quote_loop", seconds)
        return Responses(
            seconds=done["seconds"],
            done=done["quotes"],
            orders=0,
            p50_ms=done["p50_ms"],
            p99_ms=done["p99_ms"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Open:
    stack: ExitStack
    server: Server
    database: PostgresDatabase


class YoungShop(Subject):
    """A shop whose tables were analysed while it had no order: a new one for each measurement.

    Its template is such a database, to which nothing is connected.
    """

    def __init__(
        self,
        *,
        postgres: Postgres,
        template: str,
        settings: dict[str, str],
        load: LoadGenerator,
        files: Path,
    ) -> None:
        super().__init__(engine=POSTGRESQL, name="young shop", processes=1)
        self._postgres = postgres
        self._template = template
        self._settings = settings
        self._load = load
        self._files = files
        self._numbers = count(1)
        self._open: _Open | None = None

    @property
    def server_pid(self) -> int | None:
        """The process of the present server."""
        return self._present.server.pid

    def wait_until_idle(self) -> None:
        """Wait until the present server is idle."""
        self._present.server.wait_until_idle()

    def prepare(self) -> None:
        """Start a new shop on a new copy of the template."""
        name = f"{self._template}_{next(self._numbers)}"
        self._postgres.create(name, self._template)
        database = PostgresDatabase(self._postgres, name)
        stack = ExitStack()
        environment = self._settings | {"SHOP_DATABASE_URL": database.address}
        server = stack.enter_context(serving(shop_command(1), environment, self._files))
        self._open = _Open(stack=stack, server=server, database=database)
        server.wait_until_open()
        self.wait_until_idle()

    def finish(self) -> None:
        """Stop the shop; raise `InvalidRun` if its database fails the audit."""
        self.close()
        stored = self._present.database.orders()
        if stored < self.acknowledged:
            raise InvalidRun(f"{self.acknowledged} orders were acknowledged, {stored} stored")
        self.acknowledged = 0
        audit(self._present.database, {})

    def close(self) -> None:
        """Stop the present server if one runs."""
        if self._open is not None:
            self._open.stack.close()

    def _run(self, workload: Workload, clients: int, seconds: int) -> Responses:
        server = self._present.server
        return self._load.run(
            workload, server.url, self._files, clients, seconds, self.wait_until_idle
        )

    @property
    def _present(self) -> _Open:
        if self._open is None:
            raise InvalidRun("the young shop was not started")
        return self._open
