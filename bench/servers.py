"""Servers under load: each a process of its own, with its log in a file, as it would be run."""

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
# A slow machine that starts a dozen servers at once meets none of these.
START_SECONDS = 600
STOP_SECONDS = 120
LOG_LINES_SHOWN = 20
CHARACTERS_TOLD = 300

QUIET_SECONDS = 60
POLL_INTERVAL_SECONDS = 0.25
QUIET_CORES = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A process that answers HTTP, and whatever processes it has started."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        """The process's id."""
        return self.process.pid

    def wait_until_open(self) -> None:
        """Return once it answers; raise `RuntimeError` if it ends or takes too long."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            self._require_running()
            try:
                with urlopen(f"{self.url}/healthz", timeout=5):  # noqa: S310  One of ours.
                    return
            except (URLError, OSError):
                time.sleep(0.05)
        raise RuntimeError(f"the server did not answer within {START_SECONDS} s")

    def wait_until_idle(self) -> None:
        """Return once it has finished the work that earlier requests left, or is slow to do so.

        Raise `RuntimeError` if the server has ended.
        """
        deadline = time.monotonic() + QUIET_SECONDS
        used = QUIET_CORES
        while used >= QUIET_CORES and time.monotonic() < deadline:
            self._require_running()
            began, before = time.monotonic(), cpu_seconds(self.pid)
            time.sleep(POLL_INTERVAL_SECONDS)
            used = (cpu_seconds(self.pid) - before) / (time.monotonic() - began)

    def last_lines(self) -> str:
        """Return the end of its log."""
        last = self.log.read_text().splitlines()[-LOG_LINES_SHOWN:]
        return "\n".join(line[:CHARACTERS_TOLD] for line in last)

    def _require_running(self) -> None:
        if self.process.poll() is not None:
            ended = f"the server has ended with status {self.process.returncode}"
            *_, last = ["no output", *self.last_lines().splitlines()]
            raise RuntimeError(f"{ended}: {last}")


def shop_command(workers: int) -> Sequence[str]:
    """Return the command that serves the shop, but for the port."""
    return [str(SHOP), "serve", "--workers", str(workers)]


def gateway_command(state: Path) -> Sequence[str]:
    """Return the command that runs the simulated gateway, but for the port."""
    return [str(SHOP), "gateway", "--state", str(state)]


def app_command(factory: str) -> Sequence[str]:
    """Return the command that serves an app of the benchmark as the shop serves its own."""
    options = ["--factory", "--app-dir", str(ROOT), "--http", "httptools", "--loop", "uvloop"]
    return [sys.executable, "-m", "uvicorn", *options, factory]


def run_shop(
    arguments: Sequence[str], environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run a command of the shop to its end."""
    return run_program([str(SHOP), *arguments], environment, Path(ROOT.anchor))


def run_program(
    command: Sequence[str], environment: Mapping[str, str], folder: Path
) -> subprocess.CompletedProcess[str]:
    """Run a program in a folder to its end, with no other settings than these."""
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
    """Run a server in a folder, where its log is, until the end; it may still be starting."""
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
