"""A node of the cluster: Patroni, its PostgreSQL, its disk and its network; each can fail."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

from tests.cluster import processes
from tests.cluster.programs import ROOT, find, postgresql_folder
from tests.system_user import system_user

DISK_BYTES = 1_000_000_000
BALLAST = "ballast"


@dataclass(kw_only=True)
class Node:
    """A machine of the cluster. Others reach it through its links alone, and it reaches etcd so.

    The other node has links of its own to it, so that both directions between them can be cut.
    """

    name: str
    folder: Path
    rest_port: int
    postgresql_port: int
    rest_link: int
    postgresql_link: int
    rest_peer_link: int
    postgresql_peer_link: int
    etcd_link: int
    etcd_port: int
    has_own_disk: bool = False
    _patroni: subprocess.Popen[bytes] | None = None
    _links: subprocess.Popen[bytes] | None = None
    _peer_links: subprocess.Popen[bytes] | None = None
    _frozen: list[int] = field(default_factory=list)

    @property
    def disk(self) -> Path:
        """The folder that stands for its disk."""
        return self.folder / f"disk-{self.name}"

    @property
    def data(self) -> Path:
        """PostgreSQL's data."""
        return self.disk / "data"

    def prepare(self) -> None:
        """Make its disk: a file system of its own, if this process may."""
        self.disk.mkdir()
        if os.geteuid() == 0:
            options = f"size={DISK_BYTES}"
            mounted = subprocess.run(
                ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self.disk)],  # noqa: S607
                check=False,
                capture_output=True,
            )
            self.has_own_disk = mounted.returncode == 0
        user = system_user()
        if user is not None:
            subprocess.run(["chown", user, str(self.disk)], check=True)  # noqa: S607
        self._links = self._start_links(
            "links",
            (self.rest_link, self.rest_port),
            (self.postgresql_link, self.postgresql_port),
            (self.etcd_link, self.etcd_port),
        )
        self._peer_links = self._start_links(
            "peer-links",
            (self.rest_peer_link, self.rest_port),
            (self.postgresql_peer_link, self.postgresql_port),
        )

    def _start_links(self, name: str, *pairs: tuple[int, int]) -> subprocess.Popen[bytes]:
        return processes.start(
            [sys.executable, "-m", "tests.cluster.links", *(f"{a}:{b}" for a, b in pairs)],
            self.folder / f"{name}-{self.name}.log",
            PYTHONPATH=str(ROOT),
        )

    def start(self) -> None:
        """Start Patroni, which starts PostgreSQL."""
        self._patroni = processes.start(
            [sys.executable, find("patroni"), str(self.folder / f"{self.name}.yml")],
            self.folder / f"{self.name}.log",
            user=system_user(),
        )

    def stop(self) -> None:
        """Stop everything, whatever state it is in."""
        self.thaw()
        self.connect()
        if self._patroni is not None:
            processes.stop(self._patroni, signal.SIGTERM, 30)
        self._kill_postgresql()
        for each in (self._links, self._peer_links):
            if each is not None:
                processes.stop(each, signal.SIGKILL, 5)
        if self.has_own_disk:
            subprocess.run(["umount", "--lazy", str(self.disk)], check=False)  # noqa: S607

    # What can happen to it.

    def kill(self) -> None:
        """Kill everything on it with -9, as if the machine were gone."""
        assert self._patroni is not None
        pids = [self._patroni.pid, *self._postgresql()]
        # Nothing may react to the end of something else.
        processes.send(pids, signal.SIGSTOP)
        processes.send(pids, signal.SIGKILL)
        self._patroni.wait()
        processes.wait_until_gone(pids)

    def crash(self) -> None:
        """Kill PostgreSQL's first process with -9; Patroni is still there."""
        postmaster, *_ = self._postgresql()
        processes.send([postmaster], signal.SIGKILL)

    def freeze(self) -> None:
        """Stop everything, with all connections left open."""
        assert self._patroni is not None
        self._frozen = [self._patroni.pid, *self._postgresql()]
        processes.send(self._frozen, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let everything go on that was frozen."""
        frozen, self._frozen = self._frozen, []
        # PostgreSQL goes on before Patroni can stop it.
        processes.send(reversed(frozen), signal.SIGCONT)

    def cut(self) -> None:
        """Let nothing arrive at it, and nothing from it at etcd."""
        self._send_links(signal.SIGSTOP, self._links, self._peer_links)

    def cut_from_peer(self) -> None:
        """Let nothing arrive from the other node."""
        self._send_links(signal.SIGSTOP, self._peer_links)

    def connect(self) -> None:
        """Let everything arrive again, also what was sent before."""
        self._send_links(signal.SIGCONT, self._links, self._peer_links)

    def _send_links(self, number: signal.Signals, *links: subprocess.Popen[bytes] | None) -> None:
        processes.send([each.pid for each in links if each is not None], number)

    def fill(self) -> None:
        """Fill its disk."""
        assert self.has_own_disk
        with suppress(OSError), (self.disk / BALLAST).open("wb", buffering=0) as ballast:
            while True:
                ballast.write(bytes(65_536))

    def switch_log(self) -> None:
        """Have PostgreSQL begin a new file of its log, if it still runs."""
        subprocess.run(
            [
                str(postgresql_folder() / "psql"),
                *("--host", str(self.folder), "--port", str(self.postgresql_port)),
                *("--username", "postgres", "--command", "SELECT pg_switch_wal()"),
            ],
            check=False,
            capture_output=True,
            timeout=30,
            env={**os.environ, "PGOPTIONS": "-c lock_timeout=1s", "PGCONNECT_TIMEOUT": "2"},
        )

    def make_room(self) -> None:
        """Free its disk."""
        (self.disk / BALLAST).unlink(missing_ok=True)

    # What it says of itself.

    def status(self) -> dict[str, Any]:
        """Return what Patroni says of this node; nothing if it does not answer."""
        return self.ask("patroni")

    def ask(self, path: str) -> dict[str, Any]:
        """Return what Patroni answers, whatever its status; nothing if it does not answer."""
        try:
            with urlopen(f"http://127.0.0.1:{self.rest_port}/{path}", timeout=2) as answer:
                body: dict[str, Any] = json.load(answer)
        except HTTPError as error:
            body = json.load(error)
        except (OSError, ValueError):
            body = {}
        return body

    def is_running(self) -> bool:
        """Check whether Patroni runs."""
        return self._patroni is not None and self._patroni.poll() is None

    def _postgresql(self) -> Sequence[int]:
        """Return PostgreSQL's processes, the first one first."""
        try:
            postmaster = int((self.data / "postmaster.pid").read_text().split()[0])
        except (OSError, IndexError):
            return []
        return list(processes.descendants(postmaster)) if _is_postgres(postmaster) else []

    def _kill_postgresql(self) -> None:
        pids = self._postgresql()
        processes.send(pids, signal.SIGKILL)
        processes.wait_until_gone(pids)


def _is_postgres(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/comm").read_text().startswith("postgres")
    except OSError:
        return False
