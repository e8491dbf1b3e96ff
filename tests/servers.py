"""The shop as a process of its own, on a real database and real sockets."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO
from urllib.request import urlopen

from tests.forked_process import ForkedProcess, start_shop
from tests.processes.isolation import ISOLATION_ENVIRONMENT
from tests.timeouts import TEST_TIMEOUT_SECONDS

POLL_INTERVAL_SECONDS = 0.05

PROCESS_ENVIRONMENT = {
    "PYTHONPATH": os.pathsep.join(
        [str(Path(__file__).with_name("processes")), str(Path(__file__).parents[1])]
    ),
    **ISOLATION_ENVIRONMENT,
}
"""What has processes of the shop's begin with `tests/processes/sitecustomize.py`."""


@contextmanager
def reserved_port() -> Iterator[int]:
    """Yield a port of this machine on which no process listens.

    It stays bound here, so the system gives it to no other process. A server can listen on it with
    `SO_REUSEADDR`, as often as it is restarted.
    """
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


@dataclass(kw_only=True)
class ShopServer:
    """`shop serve` over one database; it can be killed and started again."""

    folder: Path
    settings: Mapping[str, str]
    workers: int
    port: int
    process: ForkedProcess | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return {**inherited, **self.settings}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the shop's to its end."""
        with TemporaryFile() as output, TemporaryFile() as errors:
            process = start_shop(
                *arguments,
                folder=self.folder,
                environment=self.environment,
                output=output,
                errors=errors,
            )
            try:
                code = process.wait(timeout=TEST_TIMEOUT_SECONDS)
            finally:
                process.kill()
            return subprocess.CompletedProcess(arguments, code, _text_of(output), _text_of(errors))

    def start(self) -> None:
        """Start serving, and wait until orders can be taken."""
        command = ("serve", "--port", str(self.port), "--workers", str(self.workers))
        with Path(self.folder, "server.log").open("ab") as log:
            self.process = start_shop(
                *command,
                folder=self.folder,
                environment=self.environment,
                output=log,
                errors=log,
                has_own_session=True,
            )
        self._wait_until_ready()

    def kill(self) -> None:
        """Kill the server and its workers with -9, wherever they are."""
        self._stop_with(signal.SIGKILL)

    def stop(self) -> None:
        """Ask the server to end, and wait until it has."""
        self._stop_with(signal.SIGTERM)

    def _stop_with(self, stop_signal: signal.Signals) -> None:
        if self.process is None:
            return
        process, self.process = self.process, None
        try:
            if stop_signal is signal.SIGKILL:
                os.killpg(process.pid, stop_signal)
            else:
                process.send_signal(stop_signal)
            process.wait(timeout=TEST_TIMEOUT_SECONDS)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(timeout=TEST_TIMEOUT_SECONDS)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + TEST_TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            assert self.process is not None
            assert self.process.poll() is None, self.log()
            try:
                with urlopen(f"{self.url}/readyz", timeout=TEST_TIMEOUT_SECONDS):  # noqa: S310  Our own server.
                    return
            except (OSError, HTTPException):
                time.sleep(POLL_INTERVAL_SECONDS)
        raise AssertionError(f"not ready within {TEST_TIMEOUT_SECONDS} s: {self.log()}")

    def log(self) -> str:
        return Path(self.folder, "server.log").read_text()


def _text_of(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()
