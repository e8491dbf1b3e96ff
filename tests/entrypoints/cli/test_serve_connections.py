"""`shop serve` with clients that never finish, too many clients, and clients during a restart."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from threading import Event

import pytest

from tests.entrypoints.cli.command_line import SHOP_COMMAND, CommandLine
from tests.timeouts import TEST_TIMEOUT_SECONDS

GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
HALF_HEAD = b"POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\n"
HALF_BODY = HALF_HEAD + b"Content-Type: application/json\r\nContent-Length: 9\r\n\r\n{"

PAUSE_SECONDS = 0.01

# Does what systemd does before it starts a service.
LAUNCHER = """
import os, resource, sys

listener, descriptors, *command = sys.argv[1:]
if listener != "-":
    os.dup2(int(listener), 3)
    os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
if descriptors != "-":
    resource.setrlimit(resource.RLIMIT_NOFILE, (int(descriptors) // 2, int(descriptors)))
os.execv(command[0], command)
"""


@contextmanager
def launched(
    shop: CommandLine, *arguments: str, listener: socket.socket | None = None, descriptors: int = 0
) -> Iterator[int]:
    """Run a server with a socket or a limit of open files; yield its port."""
    passed = () if listener is None else (listener.fileno(),)
    command = [
        sys.executable, "-c", LAUNCHER, str(*passed) or "-", str(descriptors or "-"),
        str(SHOP_COMMAND), "serve", *arguments,
    ]  # fmt: skip
    errors = Path(shop.folder, "errors")
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    with (
        errors.open("a") as log,
        subprocess.Popen(
            command,
            cwd=shop.folder,
            env={**inherited, **shop.settings},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            pass_fds=passed,
        ) as process,
    ):
        try:
            assert process.stdout is not None
            ready = process.stdout.readline()
            assert ready.startswith("Serving the shop at "), errors.read_text()
            yield int(ready.split()[4].rpartition(":")[2])
        finally:
            process.terminate()
            process.wait(timeout=TEST_TIMEOUT_SECONDS)


def response_on(client: socket.socket) -> bytes:
    client.settimeout(TEST_TIMEOUT_SECONDS)
    with client:
        return b"".join(iter(lambda: client.recv(65_536), b""))


def assert_problem(response: bytes, status: int, code: str) -> None:
    head, _, body = response.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    lines = head.lower().split(b"\r\n")
    assert b"connection: close" in lines
    assert b"content-type: application/problem+json" in lines
    assert b"x-content-type-options: nosniff" in lines
    assert json.loads(body)["type"] == f"/problems/{code}"


def test_requests_that_do_not_end_are_answered_and_closed(shop: CommandLine) -> None:
    settings = {
        "SHOP_REQUEST_HEAD_TIMEOUT_SECONDS": "0.5",
        "SHOP_REQUEST_BODY_TIMEOUT_SECONDS": "0.5",
    }
    with shop.with_settings(**settings).serving() as serving:
        clients = {
            sent: socket.create_connection(("127.0.0.1", serving.port))
            for sent in (b"", HALF_HEAD, HALF_BODY)
        }
        for sent, client in clients.items():
            client.sendall(sent)
        responses = {sent: response_on(client) for sent, client in clients.items()}

        assert responses[b""] == b""
        assert_problem(responses[HALF_HEAD], 408, "request-timeout")
        assert_problem(responses[HALF_BODY], 408, "request-timeout")


def test_connections_beyond_the_limit_of_open_files_are_answered_and_logged(
    shop: CommandLine,
) -> None:
    with launched(shop, "--port", "0", descriptors=160) as port, ExitStack() as connections:
        # Of 160 files 64 are kept for other uses.
        clients = [
            connections.enter_context(socket.create_connection(("127.0.0.1", port)))
            for _ in range(96)
        ]
        clients[0].sendall(GET)
        assert clients[0].recv(65_536).startswith(b"HTTP/1.1 200")

        rejected = socket.create_connection(("127.0.0.1", port))
        rejected.sendall(GET)
        assert_problem(response_on(rejected), 503, "service-unavailable")
        wait_for_log(shop, "connections_rejected")


def wait_for_log(shop: CommandLine, event: str) -> None:
    deadline = time.monotonic() + TEST_TIMEOUT_SECONDS
    while event not in Path(shop.folder, "errors").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.1)


class Load:
    """Clients that ask one request after the other, until they are stopped."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._stopped = Event()
        self._pool = ThreadPoolExecutor()
        self._clients: list[Future[int]] = [
            self._pool.submit(self._ask, keeps_alive=keeps_alive)
            for keeps_alive in (True, True, False, False)
        ]

    def stop(self) -> list[int]:
        """Return how many responses each client got; raise what went wrong for any."""
        self._stopped.set()
        try:
            return [each.result(timeout=TEST_TIMEOUT_SECONDS) for each in self._clients]
        finally:
            self._pool.shutdown()

    def _ask(self, *, keeps_alive: bool) -> int:
        count = 0
        connection = HTTPConnection("127.0.0.1", self._port, timeout=TEST_TIMEOUT_SECONDS)
        while not self._stopped.is_set():
            connection.request("GET", "/api/v1/products?limit=1")
            response = connection.getresponse()
            assert response.status == 200, response.read()
            response.read()
            # A kept connection ends when a response has `Connection: close`.
            if not keeps_alive:
                connection.close()
            count += 1
            # The server that starts meanwhile needs the processors more than the clients do.
            time.sleep(PAUSE_SECONDS)
        connection.close()
        return count


@pytest.mark.parametrize("workers", ["1", "2"])
def test_restart_on_a_passed_socket_fails_no_request(workers: str, shop: CommandLine) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listener:
        port = listener.getsockname()[1]
        with launched(shop, "--workers", workers, listener=listener):
            load = Load(port)
            time.sleep(1)
        with launched(shop, "--workers", workers, listener=listener):
            time.sleep(1)
            counts = load.stop()

    assert min(counts) > 1
