"""The server: started, stopped, killed, and refused."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.program import Program

SHORTLY_SECONDS = 5.0

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
    # What nobody has waited for is a zombie: it has ended all the same.
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)],  # noqa: S607  As above.
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    return state not in {"", "Z", "Zs"}


def wait_until_gone(pids: set[int]) -> None:
    deadline = time.monotonic() + SHORTLY_SECONDS
    while time.monotonic() < deadline:
        if not any(is_running(pid) for pid in pids):
            return
        time.sleep(0.1)
    raise AssertionError(f"{pids} still run")


def answer_to(method: bytes, port: int) -> bytes:
    """Return what really comes back, to the last byte."""
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(method + b" /healthz HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n")
        return b"".join(iter(lambda: client.recv(65_536), b"")).lower()


def assert_a_head_is_answered_without_the_body(port: int) -> None:
    answer = answer_to(b"HEAD", port)
    assert answer.startswith(b"http/1.1 200")
    assert b"\r\ncontent-length: 18\r\n" in answer
    assert answer.endswith(b"\r\n\r\n")


def assert_answers_tell_nothing_of_the_server(port: int) -> None:
    answer = answer_to(b"GET", port)
    assert answer.startswith(b"http/1.1 200")
    assert b"\r\nserver:" not in answer
    assert b"uvicorn" not in answer


def test_an_embedded_shop_serves_at_once_and_ends_when_told(shop: Program) -> None:
    with shop.serving() as serving:
        assert serving.status("/readyz") == 200
        assert_answers_tell_nothing_of_the_server(serving.port)
        assert_a_head_is_answered_without_the_body(serving.port)
        assert shop.rows("SELECT count(*) FROM products") == [(0,)]

        code, output, _ = serving.stop(signal.SIGTERM)

    assert code == 0
    assert output == ""


def test_an_interrupt_from_the_keyboard_ends_it_as_well(shop: Program) -> None:
    with shop.serving() as serving:
        code, _, errors = serving.stop(signal.SIGINT)

    assert code == 0
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("environment", "warned"), [("production", ["SHOP_PAYMENT_GATEWAY"]), ("development", [])]
)
def test_production_is_told_once_that_cards_are_charged_nothing(
    environment: str, warned: list[str], shop: Program
) -> None:
    secret = shop.printed("secret").strip()
    settings = {"SHOP_ENVIRONMENT": environment, "SHOP_SESSION_SECRETS": json.dumps([secret])}

    with shop.with_settings(**settings).serving("--workers", "2") as serving:
        _, _, errors = serving.stop(signal.SIGTERM)

    lines = [line for line in errors.splitlines() if "payments_are_simulated" in line]
    assert [json.loads(line)["setting"] for line in lines] == warned


def test_a_demonstration_begins_with_something_to_buy(shop: Program) -> None:
    with shop.serving("--demo") as serving:
        status, body = serving.get("/api/v1/products?limit=1")
        serving.stop(signal.SIGTERM)

    assert status == 200
    assert json.loads(body)["items"][0]["sku"] == "APRON-LINEN"


def test_a_demonstration_leaves_a_shop_alone_that_has_products(shop: Program) -> None:
    shop.printed("seed", "--products", "1")
    shop.rows("UPDATE products SET price = 1")

    with shop.serving("--demo") as serving:
        serving.stop(signal.SIGTERM)

    assert shop.rows("SELECT price FROM products") == [(1,)]


def test_a_demonstration_puts_nothing_back_on_sale(shop: Program) -> None:
    shop.printed("seed")
    shop.rows("UPDATE products SET price = 1, active = 0")

    with shop.serving("--demo") as serving:
        serving.stop(signal.SIGTERM)

    assert shop.rows("SELECT DISTINCT price, active FROM products") == [(1, 0)]


def test_a_killed_server_can_be_started_again_on_its_port(shop: Program) -> None:
    with shop.serving() as killed:
        assert killed.stop(signal.SIGKILL)[0] == -signal.SIGKILL

    with shop.serving(port=killed.port) as serving:
        assert serving.status("/readyz") == 200


def test_workers_serve_the_named_database_and_end_when_told(shop: Program) -> None:
    url = "sqlite+aiosqlite:///named.db"
    with shop.serving("--workers", "2", "--database", url) as serving:
        workers = children_of(serving.process.pid)
        statuses = {serving.status("/readyz") for _ in range(10)}
        code, output, _ = serving.stop(signal.SIGTERM)

    assert statuses == {200}
    assert code == 0
    assert output == ""
    assert len(workers) >= 2
    wait_until_gone(workers)
    assert not (shop.folder / "shop.db").exists()


def test_workers_do_not_outlive_a_supervisor_that_was_killed(shop: Program) -> None:
    with shop.serving("--workers", "2") as killed:
        workers = children_of(killed.process.pid)
        os.kill(killed.process.pid, signal.SIGKILL)
        killed.process.wait(timeout=SHORTLY_SECONDS)
        assert len(workers) >= 2
        wait_until_gone(workers)

    with shop.serving(port=killed.port) as serving:
        assert serving.status("/readyz") == 200


def test_a_worker_that_cannot_start_ends_the_server(shop: Program, tmp_path: Path) -> None:
    # Python runs this module, if there is one, before anything else.
    (tmp_path / "sitecustomize.py").write_text(FAILING_WORKERS)

    done = shop.with_settings(PYTHONPATH=str(tmp_path)).run_process(
        "serve", "--port", "0", "--workers", "2"
    )

    assert done.returncode == 1
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert lines[-1] == "shop: a worker could not start"
    assert "shop: SHOP_CURRENCY: 'EURO' is no active code of ISO 4217" in lines
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_port_in_use_is_told_in_one_line(workers: str, shop: Program) -> None:
    with taken_port() as port:
        ended = shop.end("serve", "--port", str(port), "--workers", workers)

    assert ended.code == 1
    assert ended.line == f"shop: cannot listen on 127.0.0.1 port {port}: Address already in use"
    assert list(shop.folder.iterdir()) == []


def test_a_server_that_cannot_start_leaves_the_environment_as_it_is(shop: Program) -> None:
    before = dict(os.environ)

    assert shop.end("serve", "--port", "0", "--database", "no database URL").code == 2

    assert dict(os.environ) == before


def test_an_address_that_is_not_ours_is_told_in_one_line(shop: Program) -> None:
    ended = shop.end("serve", "--host", "no.such.host.invalid")

    assert ended.code == 1
    assert ended.line.startswith("shop: cannot listen on no.such.host.invalid: ")
