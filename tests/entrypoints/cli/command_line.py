"""The program `shop` as an operator runs it: in a folder, with settings, as a process."""

import logging
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, replace
from io import StringIO, TextIOWrapper
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Protocol
from unittest import mock
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
import structlog

from shop.entrypoints.cli import main
from tests.forked_process import ForkedProcess, start_shop
from tests.timeouts import TEST_TIMEOUT_SECONDS

SHOP_COMMAND = Path(sys.executable).with_name("shop")

SERVERS = {"serve", "gateway"}


@dataclass(frozen=True, kw_only=True)
class Completed:
    """How a command ended."""

    code: int
    output: str
    errors: str

    @property
    def error_line(self) -> str:
        """The one line on standard error; there is no other, and nothing was printed."""
        (line,) = self.errors.splitlines()
        assert self.output == ""
        return line


class RunningCommand(Protocol):
    """A command that runs beside the test: `subprocess.Popen`, or one that is forked."""

    @property
    def pid(self) -> int: ...

    @property
    def returncode(self) -> int | None: ...

    @property
    def stdout(self) -> IO[str] | None: ...

    @property
    def stderr(self) -> IO[str] | None: ...

    def poll(self) -> int | None: ...

    def send_signal(self, sig: int, /) -> None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def communicate(self, *, timeout: float | None = None) -> tuple[str, str]: ...


@dataclass(frozen=True, kw_only=True)
class RunningServer:
    """`shop serve`, once it has said that it is open."""

    process: RunningCommand
    url: str

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def status(self, path: str) -> int:
        return self.get(path)[0]

    def get(self, path: str) -> tuple[int, bytes]:
        try:
            with urlopen(self.url + path, timeout=TEST_TIMEOUT_SECONDS) as response:  # noqa: S310  Our own server.
                return response.status, response.read()
        except HTTPError as error:
            with error:
                return error.code, error.read()

    def stop(self, stop_signal: signal.Signals) -> tuple[int | None, str, str]:
        """Send a signal and wait; return the exit code and what was still printed."""
        self.process.send_signal(stop_signal)
        output, errors = self.process.communicate(timeout=TEST_TIMEOUT_SECONDS)
        return self.process.returncode, output, errors


@dataclass(frozen=True, kw_only=True)
class CommandLine:
    """The program in a folder, where it finds and makes its files."""

    folder: Path
    settings: Mapping[str, str]

    def with_settings(self, **settings: str) -> "CommandLine":
        return replace(self, settings={**self.settings, **settings})

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return self.run_process(*arguments)

    def run_process(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Do the same, certainly in a process."""
        return subprocess.run(
            [SHOP_COMMAND, *arguments],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=TEST_TIMEOUT_SECONDS,
            check=False,
        )

    def complete(self, *arguments: str) -> Completed:
        """Run a command that prints on standard error alone."""
        if arguments[0] in SERVERS and not any(each.startswith("--port") for each in arguments):
            pytest.fail("a server takes a free port: its usual one may be in use on this machine")
        done = self.run(*arguments)
        return Completed(code=done.returncode, output=done.stdout, errors=done.stderr)

    def output_of(self, *arguments: str) -> str:
        """Run a command that succeeds, and has nothing to say on standard error."""
        done = self.run(*arguments)
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        return done.stdout

    @contextmanager
    def serving(self, *arguments: str, port: int = 0) -> Iterator[RunningServer]:
        """Serve, and have ended whatever happens."""
        with self.running("serve", "--port", str(port), *arguments) as process:
            yield RunningServer(process=process, url=_reported_url(process))

    @contextmanager
    def running(self, *arguments: str) -> Iterator[RunningCommand]:
        """Run a command beside the test, and have ended whatever happens."""
        with (
            interrupts_enabled(),
            subprocess.Popen(
                [SHOP_COMMAND, *arguments],
                cwd=self.folder,
                env=self._environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
            ) as process,
        ):
            try:
                yield process
            finally:
                # It has its own group, of which a server's workers may be left.
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the embedded database, or change it behind the shop's back."""
        with closing(sqlite3.connect(self.folder / "shop.db")) as connection, connection:
            return connection.execute(sql).fetchall()

    @property
    def _environment(self) -> dict[str, str]:
        inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return {**inherited, **self.settings}


@dataclass(frozen=True, kw_only=True)
class ForkedCommand:
    """A command in a process of its own that was forked from one that has imported the shop."""

    process: ForkedProcess
    stdout: IO[str]
    stderr: IO[str]

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def returncode(self) -> int | None:
        return self.process.returncode

    def poll(self) -> int | None:
        return self.process.poll()

    def send_signal(self, sig: int, /) -> None:
        self.process.send_signal(sig)

    def wait(self, timeout: float | None = None) -> int:
        return self.process.wait(timeout)

    def communicate(self, *, timeout: float | None = None) -> tuple[str, str]:
        """Wait until it has ended; return what it has printed since it was last read."""
        self.wait(timeout)
        self.stderr.seek(0)
        return self.stdout.read(), self.stderr.read()


class InProcessCommandLine(CommandLine):
    """The program without a start of its own: that takes a tenth of the time.

    What runs beside the test is a process that is forked, with real sockets, files and signals.
    """

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        output, errors = StringIO(), StringIO()
        with (
            pytest.MonkeyPatch.context() as patch,
            # What the program itself sets, for processes that it starts, ends with it.
            mock.patch.dict(os.environ),
            logging_restored(),
            redirect_stdout(output),
            redirect_stderr(errors),
        ):
            for name in [name for name in os.environ if name.startswith("SHOP_")]:
                patch.delenv(name)
            for name, value in self.settings.items():
                patch.setenv(name, value)
            patch.chdir(self.folder)
            patch.setattr(sys, "argv", ["shop", *arguments])
            code = main()
        return subprocess.CompletedProcess(arguments, code, output.getvalue(), errors.getvalue())

    @contextmanager
    def running(self, *arguments: str) -> Iterator[RunningCommand]:
        # Appending is not moved by reading, although both are at one position of the file.
        with TemporaryFile("a+b") as errors:
            process = start_shop(
                *arguments,
                folder=self.folder,
                environment=self._environment,
                errors=errors,
                has_own_session=True,
            )
            assert process.stdout is not None
            with TextIOWrapper(process.stdout) as output, TextIOWrapper(errors) as error_text:
                try:
                    yield ForkedCommand(process=process, stdout=output, stderr=error_text)
                finally:
                    with suppress(ProcessLookupError):
                        os.killpg(process.pid, signal.SIGKILL)
                    process.wait(timeout=TEST_TIMEOUT_SECONDS)


@contextmanager
def interrupts_enabled() -> Iterator[None]:
    """Start no process that ignores Ctrl+C, as those do whose parents run in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def logging_restored() -> Iterator[None]:
    """Undo at the end what setting logging up does to the whole process."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    root.handlers = []
    try:
        yield
    finally:
        root.handlers, root.level = handlers, level
        logging.captureWarnings(capture=False)
        structlog.reset_defaults()


def _reported_url(process: RunningCommand) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if "Serving the shop at" in line:
            return line.split()[4]
    _, errors = process.communicate(timeout=TEST_TIMEOUT_SECONDS)
    raise AssertionError(errors)
