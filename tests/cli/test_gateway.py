"""The simulated gateway's process: started, stopped and refused."""

import json
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.request import urlopen

import pytest

from tests.cli.program import Program


@contextmanager
def gateway(shop: Program, *arguments: str, ended_by: signal.Signals) -> Iterator[str]:
    """Run the gateway on any port, give its URL, and see that it ends well when told."""
    with shop.running("gateway", "--port", "0", *arguments) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("The simulated gateway is open at http://127.0.0.1:")
        assert line.endswith(" (Ctrl+C closes it).\n")
        yield line.split()[6]
        process.send_signal(ended_by)
        assert process.communicate(timeout=30) == ("", "")
        assert process.returncode == 0


def payments(url: str) -> object:
    with urlopen(f"{url}/payments", timeout=10) as answer:  # noqa: S310  Our own server.
        return json.load(answer)


def test_it_opens_at_once_and_ends_when_told(shop: Program) -> None:
    with gateway(shop, ended_by=signal.SIGTERM) as url:
        assert payments(url) == {"items": []}

    assert [each.name for each in shop.folder.iterdir()] == ["gateway.db"]


def test_it_keeps_its_books_where_it_is_told(shop: Program) -> None:
    with gateway(shop, "--state", "other.db", ended_by=signal.SIGINT) as url:
        assert payments(url) == {"items": []}

    assert [each.name for each in shop.folder.iterdir()] == ["other.db"]


def test_a_port_in_use_is_told_in_one_line(shop: Program) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ended = shop.end("gateway", "--port", str(port))

    assert ended.code == 1
    assert ended.line == f"shop: cannot listen on 127.0.0.1 port {port}: Address already in use"
    assert list(shop.folder.iterdir()) == []


@pytest.mark.parametrize(
    ("state", "line"),
    [
        ("broken.db", "shop: broken.db: file is not a database"),
        ("none/gateway.db", "shop: there is no folder none for the file gateway.db"),
    ],
)
def test_books_that_cannot_be_used_are_told_in_one_line(
    shop: Program, state: str, line: str
) -> None:
    (shop.folder / "broken.db").write_text("This is no database.\n" * 100)

    ended = shop.end("gateway", "--port", "0", "--state", state)

    assert (ended.code, ended.line) == (1, line)
    assert [each.name for each in shop.folder.iterdir()] == ["broken.db"]


def test_a_wrong_setting_is_told_in_one_line(shop: Program) -> None:
    ended = shop.with_settings(SHOP_GATEWAY_IDEMPOTENCY_SECONDS="0").end("gateway", "--port", "0")

    assert ended.code == 2
    assert ended.line.startswith("shop: SHOP_GATEWAY_IDEMPOTENCY_SECONDS: ")
    assert list(shop.folder.iterdir()) == []
