"""Commands of the shop as processes that begin at once: forked from one that has imported all."""

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import IO, Self

ROOT = Path(__file__).parents[1]


class ForkedProcess:
    """A running command; it has what the tests use of `subprocess.Popen`, and does the same."""

    def __init__(self, report: IO[bytes], arguments: tuple[str, ...]) -> None:
        self._report = report
        self._arguments = arguments
        self.pid = int(report.readline())
        self.returncode: int | None = None
        self.stdout: IO[bytes] | None = None

    def poll(self) -> int | None:
        """Return how it ended, or None if it runs: a code, or a signal as a negative number."""
        return self._ended_within(0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended, and return how; raise `subprocess.TimeoutExpired`."""
        code = self._ended_within(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(["shop", *self._arguments], timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it with -9."""
        self.send_signal(signal.SIGKILL)

    def _ended_within(self, timeout: float | None) -> int | None:
        if self.returncode is None and select.select([self._report], [], [], timeout)[0]:
            self.returncode = int(self._report.readline())
            self._report.close()
        return self.returncode

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.wait()
        if self.stdout is not None:
            self.stdout.close()


def start_shop(
    *arguments: str,
    folder: Path,
    environment: Mapping[str, str],
    errors: IO[bytes],
    output: IO[bytes] | None = None,
    has_own_session: bool = False,
) -> ForkedProcess:
    """Start a command of the shop's; without a file for its output, it has a pipe."""
    return _fork_server().start(
        arguments, folder, environment, errors, output, has_own_session=has_own_session
    )


class _ForkServer:
    """The process from which all others are forked."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._requests, other_end = socket.socketpair()
        with other_end:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.processes.fork_server", str(other_end.fileno())],
                cwd=ROOT,
                pass_fds=[other_end.fileno()],
                stdin=subprocess.DEVNULL,
            )

    def start(
        self,
        arguments: tuple[str, ...],
        folder: Path,
        environment: Mapping[str, str],
        errors: IO[bytes],
        output: IO[bytes] | None,
        *,
        has_own_session: bool,
    ) -> ForkedProcess:
        start = {
            "arguments": arguments,
            "folder": str(folder),
            "environment": dict(environment),
            "has_own_session": has_own_session,
        }
        report, reporting = os.pipe()
        reading, writing = (None, output.fileno()) if output else os.pipe()
        with self._lock:
            files = [writing, errors.fileno(), reporting]
            socket.send_fds(self._requests, [json.dumps(start).encode() + b"\n"], files)
            os.close(reporting)
            process = ForkedProcess(os.fdopen(report, "rb", buffering=0), arguments)
        if reading is not None:
            os.close(writing)
            process.stdout = os.fdopen(reading, "rb")
        return process

    def close(self) -> None:
        """End the process, and with it all that were forked and still run."""
        self._requests.close()
        self._process.wait()


@cache
def _fork_server() -> _ForkServer:
    server = _ForkServer()
    atexit.register(server.close)
    return server
