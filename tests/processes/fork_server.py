"""Starts commands of the shop as processes that need not import it: they are forked from this one.

A start of `shop serve` takes more than a second of a processor, nearly all of it for imports. This
process has done them, and forks for each start. What it forks is a process of its own: it has its
own folder, environment, files, signals and end, and it runs the same `main`.
"""

import gc
import json
import multiprocessing
import os
import select
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

PRELOADED = (
    "aiohttp",
    "alembic.autogenerate",
    "asyncpg",
    "httptools",
    "uvloop",
    "shop.adapters.cookie.session_store",
    "shop.adapters.prometheus.metrics",
    "shop.adapters.simulated_gateway.http.app",
    "shop.adapters.simulated_gateway.http_payment_gateway",
    "shop.adapters.simulated_gateway.payment_gateway",
    "shop.adapters.sql.database",
    "shop.adapters.sql.engines.postgresql",
    "shop.adapters.sql.guarded.unit_of_work",
    "shop.adapters.sql.migration.migrator",
    "shop.adapters.sql.snapshot.unit_of_work",
    "shop.adapters.sql.unit_of_work",
    "shop.entrypoints.cli",
    "shop.entrypoints.cli.commands.audit",
    "shop.entrypoints.cli.commands.gateway",
    "shop.entrypoints.cli.commands.migrate",
    "shop.entrypoints.cli.commands.reconcile",
    "shop.entrypoints.cli.commands.seed",
    "shop.entrypoints.cli.commands.serve",
    "shop.entrypoints.cli.commands.worker",
    "shop.entrypoints.cli.gateway_server",
    "shop.entrypoints.cli.server",
    "shop.entrypoints.http_server.protocol",
    "shop.entrypoints.metrics.port",
)
"""What servers and workers import; what is missing here, they import themselves."""

FILES = 3
"""Each start comes with standard output, standard error, and the pipe on which it is reported."""

MAX_REQUEST_BYTES = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Start:
    """A command, and how its process begins."""

    arguments: Sequence[str]
    folder: str
    environment: Mapping[str, str]
    has_own_session: bool


class ForkServer:
    """Forks a process for each start that is requested, and reports how it ended."""

    def __init__(self, requests: socket.socket) -> None:
        self._requests = requests
        self._reports: dict[int, int] = {}
        """The pipe on which the end of each process is reported."""
        self._wakeup, self._woken = os.pipe()

    def run(self) -> Start | None:
        """Fork until the tests end, and return None then; in each fork, return its start."""
        os.set_blocking(self._woken, False)
        signal.set_wakeup_fd(self._woken)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        while True:
            sources = [self._requests.fileno(), self._wakeup]
            ready, _, _ = select.select(sources, [], [])
            if self._wakeup in ready:
                os.read(self._wakeup, select.PIPE_BUF)
                self._report_ends()
            if self._requests.fileno() not in ready:
                continue
            request, files, _, _ = socket.recv_fds(self._requests, MAX_REQUEST_BYTES, FILES)
            if not request:
                for pid in self._reports:
                    os.kill(pid, signal.SIGKILL)
                return None
            while not request.endswith(b"\n"):
                request += self._requests.recv(MAX_REQUEST_BYTES)
            output, errors, report = files
            pid = os.fork()
            if pid == 0:
                start = Start(**json.loads(request))
                self._become(start, output, errors, report)
                return start
            self._reports[pid] = report
            os.close(output)
            os.close(errors)

    def _report_ends(self) -> None:
        while self._reports:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            report = self._reports.pop(pid)
            os.write(report, b"%d\n" % os.waitstatus_to_exitcode(status))
            os.close(report)

    def _become(self, start: Start, output: int, errors: int, report: int) -> None:
        """Make this fork what a new process is, and report its id."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self._requests.close()
        for each in (self._wakeup, self._woken, *self._reports.values()):
            os.close(each)
        if start.has_own_session:
            os.setsid()
        os.chdir(start.folder)
        os.environ.clear()
        os.environ.update(start.environment)
        for file, standard in ((output, 1), (errors, 2)):
            os.dup2(file, standard)
            os.close(file)
        os.write(report, b"%d\n" % os.getpid())
        os.close(report)


def _fork_workers() -> None:
    """Have a server fork its workers too, which would otherwise import everything again."""
    server_processes: Any = import_module("uvicorn._subprocess")
    server_processes.spawn = multiprocessing.get_context("fork")


def main() -> int:
    """Serve starts on the socket whose number is the argument; in a fork, run its command."""
    # An interrupt from the keyboard is for the tests, which then end this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for each in PRELOADED:
        import_module(each)
    gc.collect()
    gc.freeze()
    start = ForkServer(socket.socket(fileno=int(sys.argv[1]))).run()
    if start is None:
        return 0
    if "PYTHONPATH" in start.environment:
        import_module("tests.processes.sitecustomize")
    _fork_workers()
    sys.argv = ["shop", *start.arguments]
    return int(import_module("shop.entrypoints.cli").main())


if __name__ == "__main__":
    sys.exit(main())
