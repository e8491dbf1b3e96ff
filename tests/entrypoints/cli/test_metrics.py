"""Metrics of real processes: complete with several of them, and on a port of loopback."""

import re
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from tests.entrypoints.cli.command_line import CommandLine
from tests.servers import reserved_port
from tests.timeouts import TEST_TIMEOUT_SECONDS

WORKERS = 2
REQUESTS = 12


@pytest.fixture
def port() -> Iterator[int]:
    # A free port that is not reserved would soon be another test's.
    with reserved_port() as port:
        yield port


def _metrics(port: int) -> str:
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=TEST_TIMEOUT_SECONDS) as response:
        text: str = response.read().decode()
        return text


def _value(text: str, name: str) -> float:
    (value,) = re.findall(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    return float(value)


def test_several_processes_answer_with_what_all_of_them_counted(
    real_shop: CommandLine, port: int, tmp_path: Path
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    settings = {"SHOP_METRICS_PORT": str(port), "TMPDIR": str(temporary)}

    with real_shop.with_settings(**settings).serving("--workers", str(WORKERS)) as serving:
        for _ in range(REQUESTS):
            assert serving.status("/api/v1/products") == 200
        reports = [_metrics(port) for _ in range(6)]
        (folder,) = temporary.glob("shop-metrics-*")
        mode = folder.stat().st_mode & 0o777
        with pytest.raises(HTTPError, match="404"):
            urlopen(f"http://127.0.0.1:{port}/api/v1/products", timeout=TEST_TIMEOUT_SECONDS)
        serving.stop(signal.SIGTERM)

    requests = 'shop_http_requests_total{method="GET",route="/api/v1/products",status="200"}'
    assert [_value(each, requests) for each in reports] == [REQUESTS] * len(reports)
    assert mode == 0o700
    assert list(temporary.glob("shop-metrics-*")) == []


def test_worker_serves_metrics_and_audits(
    migrated: CommandLine, real_shop: CommandLine, port: int
) -> None:
    assert migrated.folder == real_shop.folder
    settings = {"SHOP_METRICS_PORT": str(port), "SHOP_AUDIT_SECONDS": "1"}

    with real_shop.with_settings(**settings).running("worker") as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("Worker started")
        deadline = time.monotonic() + TEST_TIMEOUT_SECONDS
        while "shop_invariant_violations{" not in (text := _metrics(port)):
            assert time.monotonic() < deadline
            time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        assert process.wait(TEST_TIMEOUT_SECONDS) == 0

    assert _value(text, 'shop_invariant_violations{invariant="1"}') == 0
    assert _value(text, "shop_oldest_due_job_seconds") == 0


def test_metrics_port_in_use_stops_the_start(shop: CommandLine, port: int) -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()

        ended = shop.with_settings(SHOP_METRICS_PORT=str(port)).complete("serve", "--port", "0")

    assert ended.code == 1
    assert "choose another SHOP_METRICS_PORT" in ended.errors
