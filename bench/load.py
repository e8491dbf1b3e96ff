"""Load generators: clients with one connection and one request at a time each."""

import json
import shutil
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from bench.workloads import CREATED, UNAVAILABLE, Workload

SCRIPTS = Path(__file__).with_name("lua")
LONGEST_SECONDS = 60
"""A run without a response for so long is not repeated."""

TIMEOUT_SECONDS = 2 * LONGEST_SECONDS
"""wrk counts a slower response as a broken connection; no run is this long."""


class InvalidRun(Exception):
    """A run has no result, because it did not measure what it should."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Responses:
    """The statistics of a run: units done, duration and latencies of requests.

    `orders` is the number of acknowledged orders. `done` and the latencies leave out rejections.
    """

    seconds: float
    done: float
    orders: int
    p50_ms: float
    p99_ms: float
    rejected: int = 0


class LoadGenerator(ABC):
    """Sends a workload's requests to a server."""

    @property
    @abstractmethod
    def name(self) -> str:
        """The name of the load generator, with its version."""

    def run(
        self,
        workload: Workload,
        url: str,
        files: Path,
        clients: int,
        seconds: int,
        wait_until_idle: Callable[[], None],
    ) -> Responses:
        """Send requests until each client has its responses, and at least for `seconds`.

        A run that was too short is repeated for twice as long, after `wait_until_idle`. Raise
        `InvalidRun` for an unexpected response, or for none within `LONGEST_SECONDS`.
        """
        expected = clients * len(workload.statuses)
        orders = 0
        while True:
            counts = self._counts(workload, url, files, clients, seconds)
            responses = _parse_responses(workload, counts)
            orders += responses.orders
            received = sum(counts["statuses"].values())
            if received >= expected or (received and seconds >= LONGEST_SECONDS):
                return replace(responses, orders=orders)
            if seconds >= LONGEST_SECONDS:
                raise InvalidRun(f"{workload.name}: no response within {seconds} s")
            seconds *= 2
            wait_until_idle()

    def _counts(
        self, workload: Workload, url: str, files: Path, clients: int, seconds: int
    ) -> Mapping[str, Any]:
        # A key of an earlier run would replay that run's order.
        run = uuid4().hex[:12]
        arguments = [str(files / workload.file), str(workload.products), run, str(clients)]
        return self._run(workload.script, url, arguments, clients, seconds)

    @abstractmethod
    def _run(
        self, script: str, url: str, arguments: Sequence[str], clients: int, seconds: int
    ) -> Mapping[str, Any]:
        """Return the counts of statuses and broken connections, and the latencies."""


class Wrk(LoadGenerator):
    """wrk, an event loop in C with scripts in Lua, which takes little processor time.

    Its percentiles are corrected for requests that a slow response has delayed.
    """

    def __init__(self, program: str) -> None:
        self._program = program

    @property
    def name(self) -> str:
        """The first words that wrk prints: its name and version."""
        # wrk prints its version and its usage, and fails.
        shown = subprocess.run(
            [self._program, "--version"], capture_output=True, text=True, check=False
        )
        words = (shown.stdout + shown.stderr).split()
        return " ".join(words[:2])

    def _run(
        self, script: str, url: str, arguments: Sequence[str], clients: int, seconds: int
    ) -> Mapping[str, Any]:
        options = {
            "threads": "1",
            "connections": str(clients),
            "duration": f"{seconds}s",
            "timeout": f"{TIMEOUT_SECONDS}s",
            "script": f"{script}.lua",
        }
        flags = [f"--{name}={value}" for name, value in options.items()]
        return _last_line([self._program, *flags, url, "--", *arguments], SCRIPTS)


class PythonLoadGenerator(LoadGenerator):
    """A load generator in Python for machines without wrk; it is slower."""

    @property
    def name(self) -> str:
        """The module of the generator."""
        return "bench.generator"

    def _run(
        self, script: str, url: str, arguments: Sequence[str], clients: int, seconds: int
    ) -> Mapping[str, Any]:
        del clients
        command = [sys.executable, "-m", "bench.generator", script, url, str(seconds), *arguments]
        return _last_line(command, Path(__file__).parents[1])


def load_generator() -> LoadGenerator:
    """Return wrk if it is installed, else the generator in Python."""
    program = shutil.which("wrk")
    return Wrk(program) if program else PythonLoadGenerator()


def _last_line(command: Sequence[str], folder: Path) -> Mapping[str, Any]:
    completed = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    *_, last = ["no output", *(completed.stdout + completed.stderr).strip().splitlines()]
    if completed.returncode or not completed.stdout:
        raise InvalidRun(f"the load generator failed with status {completed.returncode}: {last}")
    try:
        result: Mapping[str, Any] = json.loads(completed.stdout.splitlines()[-1])
    except ValueError:
        raise InvalidRun(f"the load generator printed no result: {last}") from None
    return result


def _parse_responses(workload: Workload, result: Mapping[str, Any]) -> Responses:
    statuses = {int(status): count for status, count in result["statuses"].items()}
    rejected = statuses.pop(UNAVAILABLE, 0) if workload.may_be_rejected else 0
    if result["broken"] or not statuses.keys() <= set(workload.statuses):
        raise InvalidRun(
            f"{workload.name}: unexpected responses, by status {statuses};"
            f" {result['broken']} broken connections"
        )
    return Responses(
        seconds=result["seconds"],
        # If a unit has several requests, a run begins and ends in the middle of some.
        done=sum(statuses.values()) / len(workload.statuses),
        orders=statuses.get(CREATED, 0),
        p50_ms=result["p50_ms"],
        p99_ms=result["p99_ms"],
        rejected=rejected,
    )
