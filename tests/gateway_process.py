"""The simulated gateway as a process of its own: started, killed and started again."""

import json
import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from tests.forked_process import ForkedProcess, start_shop
from tests.servers import reserved_port
from tests.timeouts import TEST_TIMEOUT_SECONDS


@dataclass(kw_only=True)
class GatewayProcess:
    """`shop gateway` as a process, which stores its payments in a folder."""

    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    port: int
    process: ForkedProcess | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it has said that it is open."""
        inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        log_file = Path(self.folder, "gateway.log")
        # A pipe that the tests do not read would stop the gateway once it is full.
        with log_file.open("ab") as log:
            self.process = start_shop(
                *("gateway", "--port", str(self.port)),
                folder=self.folder,
                environment={**inherited, **self.settings},
                errors=log,
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline().decode()
        ready_line = f"Serving the simulated gateway at {self.url} (press Ctrl+C to stop).\n"
        assert line == ready_line, log_file.read_text()

    def stop(self, stop_signal: signal.Signals = signal.SIGKILL) -> int:
        """Kill it with -9, or end it otherwise; return how it ended."""
        assert self.process is not None
        process, self.process = self.process, None
        with process:
            process.send_signal(stop_signal)
            return process.wait(timeout=TEST_TIMEOUT_SECONDS)

    def kill(self) -> None:
        """Kill it with -9, if it lives."""
        if self.process is not None:
            self.stop()

    def payments(self) -> Sequence[Mapping[str, Any]]:
        """Return all its payments."""
        status, document = self.request("GET", "/payments")
        assert status == 200
        items: Sequence[Mapping[str, Any]] = document["items"]
        return items

    def request(
        self, method: str, path: str, body: object = None, *, key: str | None = None
    ) -> tuple[int, Mapping[str, Any]]:
        """Send it a request; return the status and the document."""
        headers = {"content-type": "application/json"}
        if key is not None:
            headers["idempotency-key"] = key
        content = None if body is None else json.dumps(body).encode()
        request = Request(self.url + path, content, headers, method=method)  # noqa: S310  Our own server.
        try:
            with urlopen(request, timeout=TEST_TIMEOUT_SECONDS) as response:  # noqa: S310  As above.
                return response.status, json.load(response)
        except HTTPError as error:
            with error:
                return error.code, json.load(error)


@contextmanager
def gateway_process(folder: Path) -> Iterator[GatewayProcess]:
    """Run the gateway, and have ended it whatever happens."""
    with reserved_port() as port:
        gateway = GatewayProcess(folder=folder, port=port)
        gateway.start()
        try:
            yield gateway
        finally:
            gateway.kill()
