"""Starts servers as processes of their own, with their logs in files."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from bench.processes import cpu_seconds

ROOT = Path(__file__).parents[1]
SHOP = Path(sys.executable).with_name("shop")
# Long enough for a slow machine that starts a dozen servers at once.
START_SECONDS = 600
STOP_SECONDS = 120
LOG_LINES_SHOWN = 20
MAX_LINE_CHARACTERS = 300

IDLE_TIMEOUT_SECONDS = 60
POLL_INTERVAL_SECONDS = 0.25
MAX_IDLE_CORES = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A process that serves HTTP, with its child processes."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        """The process's id."""
        return self.process.pid

    def wait_until_open(self) -> None:
        """Wait until it responds; raise `RuntimeError` if it ends or takes too long."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            self._require_running()
            try:
                with urlopen(f"{self.url}/healthz", timeout=5):  # noqa: S310  The URL is our own.
                    return
            except (URLError, OSError):
                time.sleep(0.05)
        raise RuntimeError(f"the server did not respond within {START_SECONDS} s")

    def wait_until_idle(self) -> None:
        """Wait until it has finished the work of earlier requests, or for a minute.

        Raise `RuntimeError` if the server has ended.
        """
        deadline = time.monotonic() + IDLE_TIMEOUT_SECONDS
        used = MAX_IDLE_CORES
        while used >= MAX_IDLE_CORES and time.monotonic() < deadline:
            self._require_running()
            began, before = time.monotonic(), cpu_seconds(self.pid)
            time.sleep(POLL_INTERVAL_SECONDS)
            used = (cpu_seconds(self.pid) - before) / (time.monotonic() - began)

    def last_lines(self) -> str:
        """Return the last lines of its log."""
        last = self.log.read_text().splitlines()[-LOG_LINES_SHOWN:]
        return "\n".join(line[:MAX_LINE_CHARACTERS] for line in last)

    def _require_running(self) -> None:
        if self.process.poll() is not None:
            ended = f"the server has ended with status {self.process.returncode}"
            *_, last = ["no output", *self.last_lines().splitlines()]
            raise RuntimeError(f"{ended}: {last}")


def shop_command(workers: int) -> Sequence[str]:
    """Return the command that serves the shop, without the port."""
    return [str(SHOP), "serve", "--workers", str(workers)]


def gateway_command(state: Path) -> Sequence[str]:
    """Return the command that runs the simulated gateway, without the port."""
    return [str(SHOP), "gateway", "--state", str(state)]


def app_command(factory: str) -> Sequence[str]:
    """Return the command that serves another app like the shop, without the port."""
    options = ["--factory", "--app-dir", str(ROOT), "--http", "httptools", "--loop", "uvloop"]
    return [sys.executable, "-m", "uvicorn", *options, factory]


def run_shop(
    arguments: Sequence[str], environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run a command of the shop and wait for its end."""
    return run_program([str(SHOP), *arguments], environment, Path(ROOT.anchor))


def run_program(
    command: Sequence[str], environment: Mapping[str, str], folder: Path
) -> subprocess.CompletedProcess[str]:
    """Run a program in a folder with these settings only, and wait for its end."""
    return subprocess.run(
        command,
        cwd=folder,
        env={**_inherited(), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@contextmanager
def serving(
    command: Sequence[str], environment: Mapping[str, str], folder: Path
) -> Iterator[Server]:
    """Run a server in a folder, with its log there; it may still be starting."""
    port = _free_port()
    log = folder / "server.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*command, "--port", str(port)],
            cwd=folder,
            env={**_inherited(), **environment},
            stdout=output,
            stderr=output,
        )
    try:
        yield Server(url=f"http://127.0.0.1:{port}", process=process, log=log)
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _inherited() -> dict[str, str]:
    return {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
