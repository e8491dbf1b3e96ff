"""A shop moves while customers buy: no order is lost, and none is there twice."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import httpx2

from tests.moving.moving_shop import MovingShop, command_line
from tests.servers import POLL_INTERVAL_SECONDS
from tests.timeouts import TEST_TIMEOUT_SECONDS

CUSTOMERS = 4
ORDERS_BEFORE = 30
ORDERS_AFTER = 3
PASSWORD = "correct horse battery"
PAYMENTS = ({"method": "account"}, {"method": "card", "token": "tok_visa"})


@dataclass(kw_only=True)
class Crowd:
    """Customers who order, and repeat under the same key what was not accepted."""

    url: str
    sku: str
    connections: httpx2.HTTPTransport
    accepted: dict[str, str] = field(default_factory=dict)
    rejected: list[str] = field(default_factory=list)
    ends_at: int | None = None

    def buy(self) -> None:
        cookies = httpx2.Cookies()
        body = {"name": "Ada", "email": f"{uuid4().hex}@example.com", "password": PASSWORD}
        cookies.update(self._post("/users", body, "", cookies).cookies)
        while self.ends_at is None or len(self.accepted) < self.ends_at:
            key = uuid4().hex
            payment = PAYMENTS[len(self.accepted) % len(PAYMENTS)]
            order = {"lines": [{"sku": self.sku, "quantity": 1}], "payment": payment}
            while (response := self._post("/orders", order, key, cookies)).status_code != 201:
                assert response.status_code == 503, response.text
                assert "Retry-After" in response.headers
                self.rejected.append(response.json()["type"])
                time.sleep(POLL_INTERVAL_SECONDS)
            self.accepted[key] = response.json()["id"]

    def _post(self, path: str, body: object, key: str, cookies: httpx2.Cookies) -> httpx2.Response:
        with httpx2.Client(
            transport=_Shared(self.connections), trust_env=False, cookies=cookies
        ) as client:
            return client.post(
                f"{self.url}/api/v1{path}",
                json=body,
                headers={"Idempotency-Key": key} if key else {},
                timeout=TEST_TIMEOUT_SECONDS,
            )

    @contextmanager
    def buying(self) -> Iterator[None]:
        threads = [threading.Thread(target=self.buy, daemon=True) for _ in range(CUSTOMERS)]
        for each in threads:
            each.start()
        try:
            yield
        except BaseException:
            self.ends_at = 0
            raise
        for each in threads:
            each.join(TEST_TIMEOUT_SECONDS)
            assert not each.is_alive()

    def wait_for(self, number: int) -> None:
        deadline = time.monotonic() + TEST_TIMEOUT_SECONDS
        while len(self.accepted) < number:
            assert time.monotonic() < deadline
            time.sleep(POLL_INTERVAL_SECONDS)


class _Shared(httpx2.BaseTransport):
    """Connections that outlive a client."""

    def __init__(self, connections: httpx2.HTTPTransport) -> None:
        self._connections = connections

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        return self._connections.handle_request(request)


def test_customers_buy_before_during_and_after_a_move(tmp_path: Path, database_url: str) -> None:
    # Not that of the other tests: the gateway does not know its card payments.
    shop = MovingShop(
        commands=command_line(tmp_path), database_url=database_url, schema=f"moved_{uuid4().hex}"
    )
    shop.commands.output_of("migrate")
    shop.commands.output_of("seed", "--products", "30")
    quiet = shop.commands.with_settings(SHOP_LOG_LEVEL="error")
    sku = shop.commands.rows("SELECT sku FROM inventories ORDER BY on_hand DESC LIMIT 1")[0][0]
    with (
        httpx2.HTTPTransport() as connections,
        quiet.serving() as server,
        quiet.running("worker") as worker,
        ExitStack() as stack,
    ):
        crowd = Crowd(url=server.url, sku=sku, connections=connections)
        stock = shop.commands.rows(f"SELECT on_hand FROM inventories WHERE sku = '{sku}'")[0][0]  # noqa: S608
        orders = shop.commands.rows("SELECT count(*) FROM orders")[0][0]
        with crowd.buying():
            crowd.wait_for(ORDERS_BEFORE)
            with shop.commands.running(*shop.arguments) as move:
                output, errors = move.communicate(timeout=TEST_TIMEOUT_SECONDS)
                assert (move.returncode, errors) == (0, ""), errors
            assert "Handing over." in output

            # The old server sees it at once, for everything.
            for path in ("/readyz", "/api/v1/products", "/api/v1/categories"):
                status, problem = server.get(path)
                assert (status, json.loads(problem)["type"]) == (503, "/problems/shop-moved"), path
            assert worker.wait(timeout=TEST_TIMEOUT_SECONDS) == 1
            assert "the shop has moved to " in worker.communicate(timeout=1)[1]

            moved = shop.moved.with_settings(SHOP_LOG_LEVEL="error")
            crowd.url = stack.enter_context(moved.serving()).url
            crowd.ends_at = len(crowd.accepted) + CUSTOMERS * ORDERS_AFTER

    # A card payment may be at the gateway when writes stop.
    expected = {
        f"/problems/{code}" for code in ("service-unavailable", "outcome-unknown", "shop-moved")
    }
    assert set(crowd.rejected) <= expected
    assert crowd.rejected, "no customer bought during the move"
    stored = {
        row[0]: str(row[1])
        for row in shop.ask(
            "SELECT idempotency_key, id FROM orders WHERE idempotency_key IS NOT NULL"
        )
    }
    assert {key: stored.get(key) for key in crowd.accepted} == crowd.accepted
    assert shop.ask("SELECT count(*) FROM orders")[0][0] == orders + len(crowd.accepted)
    left = shop.ask("SELECT on_hand FROM inventories WHERE sku = $1", sku)[0][0]
    assert left == stock - len(crowd.accepted)
    shop.moved.output_of("worker", "--once")
    audit = shop.moved.run("audit")
    assert (audit.returncode, audit.stderr) == (0, "")
