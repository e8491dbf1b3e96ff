"""`shop serve`: it starts, stops, is killed, and rejects a wrong start."""

import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.entrypoints.cli.command_line import CommandLine
from tests.servers import reserved_port
from tests.timeouts import TEST_TIMEOUT_SECONDS

FAILING_WORKERS = """
import os, sys

if any("spawn_main" in argument for argument in sys.orig_argv):
    os.environ["SHOP_CURRENCY"] = "EURO"
"""


@contextmanager
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


def children_of(pid: int) -> set[int]:
    """Return the processes that a process has started and that still run."""
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,stat="],  # noqa: S607  Wherever it is.
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    rows = (line.split() for line in listed.splitlines())
    return {int(child) for child, parent, state in rows if int(parent) == pid and state[0] != "Z"}


def is_running(pid: int) -> bool:
    # A zombie has ended, although its parent has not waited for it.
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)],  # noqa: S607  As above.
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    return state not in {"", "Z", "Zs"}


def wait_until_gone(pids: set[int]) -> None:
    deadline = time.monotonic() + TEST_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        if not any(is_running(pid) for pid in pids):
            return
        time.sleep(0.1)
    raise AssertionError(f"{pids} still run")


def response_to(method: bytes, port: int) -> bytes:
    """Return what really comes back, to the last byte."""
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(method + b" /healthz HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n")
        return b"".join(iter(lambda: client.recv(65_536), b"")).lower()


def assert_head_has_no_body(port: int) -> None:
    response = response_to(b"HEAD", port)
    assert response.startswith(b"http/1.1 200")
    assert b"\r\ncontent-length: 18\r\n" in response
    assert response.endswith(b"\r\n\r\n")


def assert_server_is_not_disclosed(port: int) -> None:
    response = response_to(b"GET", port)
    assert response.startswith(b"http/1.1 200")
    assert b"\r\nserver:" not in response
    assert b"uvicorn" not in response


def test_sqlite_shop_starts_at_once_and_stops_on_a_signal(real_shop: CommandLine) -> None:
    with real_shop.serving() as serving:
        assert serving.status("/readyz") == 200
        assert_server_is_not_disclosed(serving.port)
        assert_head_has_no_body(serving.port)
        assert real_shop.rows("SELECT count(*) FROM products") == [(0,)]

        code, output, _ = serving.stop(signal.SIGTERM)

    assert code == 0
    assert output == ""


def test_keyboard_interrupt_stops_the_server(shop: CommandLine) -> None:
    with shop.serving() as serving:
        code, _, errors = serving.stop(signal.SIGINT)

    assert code == 0
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("environment", "warned"),
    [
        ("production", ["SHOP_PAYMENT_GATEWAY", "SHOP_COUNTRY", "SHOP_HOSTS"]),
        ("development", []),
    ],
)
def test_production_warns_once_of_simulated_payments_and_missing_hosts(
    environment: str, warned: list[str], shop: CommandLine, real_shop: CommandLine
) -> None:
    secret = shop.output_of("secret").strip()
    settings = {
        "SHOP_ENVIRONMENT": environment,
        "SHOP_SESSION_SECRETS": json.dumps([secret]),
        "SHOP_PAYMENT_GATEWAY": "simulated",
    }

    with real_shop.with_settings(**settings).serving("--workers", "2") as serving:
        _, _, errors = serving.stop(signal.SIGTERM)

    events = ("payments_are_simulated", "sales_are_not_taxed", "any_host_is_accepted")
    lines = [line for line in errors.splitlines() if any(each in line for each in events)]
    assert [json.loads(line)["setting"] for line in lines] == warned


@pytest.mark.parametrize(
    ("environment", "warned"), [("production", ["SHOP_RATE_LIMITS"]), ("development", [])]
)
def test_production_warns_that_requests_are_not_limited(
    environment: str, warned: list[str], shop: CommandLine
) -> None:
    secret = shop.output_of("secret").strip()
    settings = {
        "SHOP_ENVIRONMENT": environment,
        "SHOP_SESSION_SECRETS": json.dumps([secret]),
        "SHOP_PAYMENT_GATEWAY": "simulated",
        "SHOP_RATE_LIMITS": "off",
    }

    with shop.with_settings(**settings).serving() as serving:
        _, _, errors = serving.stop(signal.SIGTERM)

    lines = [line for line in errors.splitlines() if "requests_are_not_limited" in line]
    assert [json.loads(line)["setting"] for line in lines] == warned


def test_production_asks_for_tls_in_errors_of_the_server_too(shop: CommandLine) -> None:
    settings = {
        "SHOP_ENVIRONMENT": "production",
        "SHOP_SESSION_SECRETS": json.dumps([shop.output_of("secret").strip()]),
        "SHOP_PAYMENT_GATEWAY": "simulated",
    }

    with shop.with_settings(**settings).serving() as serving:
        response = response_to(b"BREW", serving.port)

    assert response.startswith(b"http/1.1 400")
    assert b"\r\nstrict-transport-security: max-age=63072000; includesubdomains\r\n" in response


def test_files_of_the_database_do_not_contain_the_token_of_a_session(shop: CommandLine) -> None:
    ada = {"name": "Ada", "email": "ada@example.com", "password": "correct horse battery"}
    with shop.serving() as serving:
        client = HTTPConnection("127.0.0.1", serving.port, timeout=TEST_TIMEOUT_SECONDS)
        headers = {"Content-Type": "application/json"}
        client.request("POST", "/api/v1/users", json.dumps(ada), headers)
        response = client.getresponse()
        cookie = response.headers["Set-Cookie"].partition(";")[0]
        token = cookie.removeprefix("shop_session=").encode()
        content = b"".join(each.read_bytes() for each in shop.folder.glob("shop.db*"))
        client.close()

    assert response.status == 201
    assert len(token) >= 22
    assert b"ada@example.com" in content
    assert token not in content


def test_demo_starts_with_products_for_sale(shop: CommandLine) -> None:
    with shop.serving("--demo") as serving:
        status, body = serving.get("/api/v1/products?limit=1")
        serving.stop(signal.SIGTERM)

    assert status == 200
    assert json.loads(body)["items"][0]["sku"] == "APRON-LINEN"


def test_demo_keeps_the_products_of_a_shop(shop: CommandLine) -> None:
    shop.output_of("seed", "--products", "1")
    shop.rows("UPDATE products SET price = 1")

    with shop.running("serve", "--port", "0", "--demo") as process:
        assert process.stdout is not None
        first_line = process.stdout.readline()
        assert process.stdout.readline().startswith("Serving the shop at ")

    assert first_line == "No demonstration products added: the shop has products already.\n"
    assert shop.rows("SELECT price FROM products") == [(1,)]


def test_demo_does_not_reactivate_products(shop: CommandLine) -> None:
    shop.output_of("seed")
    shop.rows("UPDATE products SET price = 1, active = 0")

    with shop.serving("--demo") as serving:
        serving.stop(signal.SIGTERM)

    assert shop.rows("SELECT DISTINCT price, active FROM products") == [(1, 0)]


def test_killed_server_can_restart_on_its_port(shop: CommandLine) -> None:
    with reserved_port() as port:
        with shop.serving(port=port) as killed:
            assert killed.stop(signal.SIGKILL)[0] == -signal.SIGKILL

        with shop.serving(port=port) as serving:
            assert serving.status("/readyz") == 200


def test_workers_serve_the_given_database_and_stop_on_a_signal(real_shop: CommandLine) -> None:
    url = "sqlite+aiosqlite:///named.db"
    with real_shop.serving("--workers", "2", "--database", url) as serving:
        workers = children_of(serving.process.pid)
        statuses = {serving.status("/readyz") for _ in range(10)}
        code, output, _ = serving.stop(signal.SIGTERM)

    assert statuses == {200}
    assert code == 0
    assert output == ""
    assert len(workers) >= 2
    wait_until_gone(workers)
    assert not (real_shop.folder / "shop.db").exists()


def test_workers_exit_when_their_supervisor_is_killed(
    shop: CommandLine, real_shop: CommandLine
) -> None:
    with reserved_port() as port:
        with real_shop.serving("--workers", "2", port=port) as killed:
            workers = children_of(killed.process.pid)
            os.kill(killed.process.pid, signal.SIGKILL)
            killed.process.wait(timeout=TEST_TIMEOUT_SECONDS)
            assert len(workers) >= 2
            wait_until_gone(workers)

        with shop.serving(port=port) as serving:
            assert serving.status("/readyz") == 200


def test_worker_that_dies_is_logged_and_replaced(real_shop: CommandLine) -> None:
    with real_shop.serving("--workers", "2") as serving:
        # Python's own process for resources was started first.
        before = children_of(serving.process.pid)
        killed = max(before)
        os.kill(killed, signal.SIGKILL)
        wait_until_gone({killed})
        deadline = time.monotonic() + TEST_TIMEOUT_SECONDS
        while len(children_of(serving.process.pid)) < len(before):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert serving.status("/readyz") == 200
        _, _, errors = serving.stop(signal.SIGTERM)

        (line,) = [each for each in errors.splitlines() if "worker_died" in each]
        assert re.search(rf"exit_code=None pid={killed} signal='SIGKILL'", line)
        assert "[warning" in line


def test_failing_worker_stops_the_server(shop: CommandLine, tmp_path: Path) -> None:
    # Python runs this module, if there is one, before anything else.
    (tmp_path / "sitecustomize.py").write_text(FAILING_WORKERS)

    done = shop.with_settings(PYTHONPATH=str(tmp_path)).run_process(
        "serve", "--port", "0", "--workers", "2"
    )

    assert done.returncode == 1
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert lines[-1] == "shop: a worker could not start"
    assert "shop: SHOP_CURRENCY: must be an active ISO 4217 code, not 'EURO'" in lines
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("workers", ["1", "2"])
def test_port_in_use_is_reported_in_one_line(workers: str, shop: CommandLine) -> None:
    with taken_port() as port:
        ended = shop.complete("serve", "--port", str(port), "--workers", workers)

    assert ended.code == 1
    assert ended.error_line == (
        f"shop: cannot listen on 127.0.0.1 port {port}: Address already in use;"
        " choose another --port"
    )
    assert list(shop.folder.iterdir()) == []


def test_failed_start_leaves_the_environment_unchanged(shop: CommandLine) -> None:
    before = dict(os.environ)

    assert shop.complete("serve", "--port", "0", "--database", "no database URL").code == 2

    assert dict(os.environ) == before


def test_foreign_address_is_reported_in_one_line(shop: CommandLine) -> None:
    ended = shop.complete("serve", "--port", "0", "--host", "no.such.host.invalid")

    assert ended.code == 1
    assert ended.error_line.startswith("shop: cannot listen on no.such.host.invalid: ")
