"""The simulated gateway's process: it starts, stops, and rejects a wrong start."""

import json
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.request import urlopen

import pytest

from tests.entrypoints.cli.command_line import CommandLine
from tests.timeouts import TEST_TIMEOUT_SECONDS


@contextmanager
def run_gateway(shop: CommandLine, *arguments: str, ended_by: signal.Signals) -> Iterator[str]:
    """Run the gateway on any port, yield its URL, and require that it stops on a signal."""
    with shop.running("gateway", "--port", "0", *arguments) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("Serving the simulated gateway at http://127.0.0.1:")
        assert line.endswith(" (press Ctrl+C to stop).\n")
        yield line.split()[5]
        process.send_signal(ended_by)
        assert process.communicate(timeout=TEST_TIMEOUT_SECONDS) == ("", "")
        assert process.returncode == 0


def payments(url: str) -> object:
    with urlopen(f"{url}/payments", timeout=TEST_TIMEOUT_SECONDS) as response:  # noqa: S310  Our own server.
        return json.load(response)


def test_gateway_starts_at_once_and_stops_on_a_signal(real_shop: CommandLine) -> None:
    with run_gateway(real_shop, ended_by=signal.SIGTERM) as url:
        assert payments(url) == {"items": []}

    assert [each.name for each in real_shop.folder.iterdir()] == ["gateway.db"]


def test_gateway_stores_payments_in_the_given_file(shop: CommandLine) -> None:
    with run_gateway(shop, "--state", "other.db", ended_by=signal.SIGINT) as url:
        assert payments(url) == {"items": []}

    assert [each.name for each in shop.folder.iterdir()] == ["other.db"]


def test_port_in_use_is_reported_in_one_line(shop: CommandLine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ended = shop.complete("gateway", "--port", str(port))

    assert ended.code == 1
    assert ended.error_line == (
        f"shop: cannot listen on 127.0.0.1 port {port}: Address already in use;"
        " choose another --port"
    )
    assert list(shop.folder.iterdir()) == []


@pytest.mark.parametrize(
    ("state", "line"),
    [
        ("broken.db", "shop: broken.db: file is not a database"),
        ("none/gateway.db", "shop: the folder none of the file gateway.db does not exist"),
    ],
)
def test_unusable_payment_file_is_reported_in_one_line(
    shop: CommandLine, state: str, line: str
) -> None:
    (shop.folder / "broken.db").write_text("This is no database.\n" * 100)

    ended = shop.complete("gateway", "--port", "0", "--state", state)

    assert (ended.code, ended.error_line) == (1, line)
    assert [each.name for each in shop.folder.iterdir()] == ["broken.db"]


def test_invalid_setting_is_reported_in_one_line(shop: CommandLine) -> None:
    ended = shop.with_settings(SHOP_GATEWAY_IDEMPOTENCY_SECONDS="0").complete(
        "gateway", "--port", "0"
    )

    assert ended.code == 2
    assert ended.error_line.startswith("shop: SHOP_GATEWAY_IDEMPOTENCY_SECONDS: ")
    assert list(shop.folder.iterdir()) == []
