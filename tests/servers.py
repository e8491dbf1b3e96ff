"""Real servers: the shop as a process of its own, on a real database, asked over real sockets."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

SHOP = Path(sys.executable).with_name("shop")
START_SECONDS = 30


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(kw_only=True)
class ShopServer:
    """`shop serve` over one database; it can be killed and started again."""

    folder: Path
    settings: Mapping[str, str]
    workers: int
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return {**inherited, **self.settings}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the shop's to its end."""
        return subprocess.run(
            [SHOP, *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def start(self) -> None:
        """Start serving, and wait until orders can be taken."""
        command: Sequence[str | Path] = [
            SHOP, "serve", "--port", str(self.port), "--workers", str(self.workers),
        ]  # fmt: skip
        with Path(self.folder, "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                command,
                cwd=self.folder,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._wait_until_ready()

    def kill(self) -> None:
        """Kill the server and its workers with -9, wherever they are."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask the server to end, and wait until it has."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self.process is None:
            return
        process, self.process = self.process, None
        try:
            if how is signal.SIGKILL:
                os.killpg(process.pid, how)
            else:
                process.send_signal(how)
            process.wait(timeout=30)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(timeout=30)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            assert self.process is not None
            assert self.process.poll() is None, self.log()
            try:
                httpx2.get(f"{self.url}/readyz", timeout=5, trust_env=False).raise_for_status()
            except httpx2.HTTPError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError(f"not ready within {START_SECONDS} s: {self.log()}")

    def log(self) -> str:
        return Path(self.folder, "server.log").read_text()
