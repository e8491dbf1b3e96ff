"""Load generator in Python for machines without wrk: `python -m bench.generator`.

It sends the same requests as the scripts of `lua/`, and prints the same statistics.
"""

import asyncio
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import ClassVar, cast
from urllib.parse import urlsplit

import httptools
import uvloop

Requests = Iterator[bytes]
"""The requests of one connection, one after another."""

UNAVAILABLE = 503


class Orders:
    """One order for one product per request; the customers take turns."""

    payment: ClassVar[Mapping[str, str]] = {"method": "account"}
    details: ClassVar[Mapping[str, object]] = {}

    def __init__(self, file: str, products: str, run: str, clients: str) -> None:
        del clients
        self._cookies = Path(file).read_text().splitlines()
        self._products = int(products)
        self._keys = (f"{run}-{number}" for number in count())
        self._turn = count()

    def of(self, client: int) -> Requests:
        """Return the requests of a client."""
        del client
        while True:
            body = json.dumps(
                {
                    "lines": self._lines(),
                    "payment": self.payment,
                    **self.details,
                }
            )
            cookie = self._cookies[next(self._turn) % len(self._cookies)]
            yield _request("POST", "/api/v1/orders", cookie, body, next(self._keys))

    def _lines(self) -> list[dict[str, object]]:
        return [{"sku": _sku(random.randint(1, self._products)), "quantity": 1}]


class CardOrders(Orders):
    """The same orders, paid by a card that the gateway approves."""

    payment: ClassVar[Mapping[str, str]] = {"method": "card", "token": "tok_visa"}


class HotCode(Orders):
    """The same orders, all with one limited code."""

    details: ClassVar[Mapping[str, object]] = {"codes": ["HOT"]}


class CompleteOrders(Orders):
    """The same orders with an address, shipping, and a limited code."""

    details: ClassVar[Mapping[str, object]] = {
        **HotCode.details,
        "email": "ada@example.com",
        "shipping_method": "parcel",
        "shipping_address": {
            "name": "Ada Lovelace",
            "line1": "Unter den Linden 1",
            "postal_code": "10117",
            "city": "Berlin",
            "country": "DE",
        },
    }


class TwoLines(Orders):
    """One order for two products per request, in order of their numbers."""

    def _lines(self) -> list[dict[str, object]]:
        first, second = sorted(random.sample(range(1, self._products + 1), 2))
        return [{"sku": _sku(first), "quantity": 1}, {"sku": _sku(second), "quantity": 2}]


class Transfers:
    """One transfer to the next customer per request; the customers take turns."""

    def __init__(self, file: str, products: str, run: str, clients: str) -> None:
        del products, clients
        self._cookies = Path(file).read_text().splitlines()
        self._run = run
        self._turn = count(1)

    def of(self, client: int) -> Requests:
        """Return the requests of a client."""
        del client
        while True:
            number = next(self._turn)
            recipient = (number + 1) % len(self._cookies)
            body = json.dumps(
                {
                    "to": f"customer-{recipient:06}@example.com",
                    "amount": {"amount": 1, "currency": "EUR"},
                }
            )
            # The first cookie is that of customer 0.
            cookie = self._cookies[number % len(self._cookies)]
            yield _request("POST", "/api/v1/transfers", cookie, body, f"{self._run}-{number}")


class CartAndOrders:
    """Each client is a customer who puts two products into the cart and orders it."""

    def __init__(self, file: str, products: str, run: str, clients: str) -> None:
        del products, clients
        self._cookies = Path(file).read_text().splitlines()
        self._keys = (f"{run}-{number}" for number in count())

    def of(self, client: int) -> Requests:
        """Return the requests of a client."""
        cookie = self._cookies[client]
        while True:
            for number in (2 * client + 1, 2 * client + 2):
                path = f"/api/v1/cart/lines/{_sku(number)}"
                yield _request("PUT", path, cookie, '{"quantity":1}')
            body = '{"payment":{"method":"account"}}'
            yield _request("POST", "/api/v1/orders", cookie, body, next(self._keys))


class Reads:
    """GET requests for the paths of a file in turn, each with its cookie."""

    def __init__(self, file: str, products: str, run: str, clients: str) -> None:
        del products, run, clients
        lines = (line.partition(" ") for line in Path(file).read_text().splitlines())
        self._requests = [_request("GET", path, cookie) for path, _, cookie in lines]
        self._turn = count()

    def of(self, client: int) -> Requests:
        """Return the requests of a client."""
        del client
        while True:
            yield self._requests[next(self._turn) % len(self._requests)]


Script = Orders | CartAndOrders | Reads | Transfers

SCRIPTS: dict[str, Callable[[str, str, str, str], Script]] = {
    "orders": Orders,
    "two_lines": TwoLines,
    "card_orders": CardOrders,
    "hot_code": HotCode,
    "complete_orders": CompleteOrders,
    "transfers": Transfers,
    "cart_and_order": CartAndOrders,
    "reads": Reads,
}


class ResponseStatistics:
    """The statuses and durations of the responses on all connections."""

    def __init__(self) -> None:
        self.statuses: Counter[int] = Counter()
        self.milliseconds: list[float] = []
        self.broken = 0

    def to_json(self, seconds: float) -> str:
        """Return the statistics as one line of JSON."""
        durations = sorted(self.milliseconds) or [0.0]
        return json.dumps(
            {
                "seconds": seconds,
                "p50_ms": durations[len(durations) // 2],
                "p99_ms": durations[len(durations) * 99 // 100],
                "broken": self.broken,
                "statuses": self.statuses,
            }
        )


class Connection(asyncio.Protocol):
    """A connection that sends its next request after each response.

    After a rejection it waits as long as `Retry-After` asks for.
    """

    def __init__(self, requests: Requests, statistics: ResponseStatistics) -> None:
        self._requests = requests
        self._statistics = statistics
        self._parser = httptools.HttpResponseParser(self)
        self._began = 0.0
        self._is_ended = False
        self._pause_seconds = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        """Pass data to the parser."""
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Count a connection that is lost before the end of the run."""
        del exc
        self._statistics.broken += not self._is_ended

    def on_header(self, name: bytes, value: bytes) -> None:
        """Remember how long to wait after a rejection."""
        if name.lower() == b"retry-after":
            self._pause_seconds = float(value)

    def on_message_complete(self) -> None:
        """Count a response and send the next request, after a rejection later."""
        status = self._parser.get_status_code()
        self._statistics.statuses[status] += 1
        self._parser = httptools.HttpResponseParser(self)
        if status == UNAVAILABLE:
            asyncio.get_running_loop().call_later(self._pause_seconds, self._send)
            return
        self._statistics.milliseconds.append((time.perf_counter() - self._began) * 1000)
        self._send()

    def end(self) -> None:
        """Close the connection without waiting for the response."""
        self._is_ended = True
        self._transport.abort()

    def _send(self) -> None:
        if self._is_ended:
            return
        self._began = time.perf_counter()
        self._transport.write(next(self._requests))


async def run(script: str, url: str, seconds: float, arguments: list[str]) -> str:
    """Send a script's requests for some seconds; return the statistics."""
    target = urlsplit(url)
    requests = SCRIPTS[script](*arguments)
    statistics = ResponseStatistics()
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    connections = [
        await loop.create_connection(
            lambda client=client: Connection(requests.of(client), statistics),  # type: ignore[misc]
            target.hostname or "",
            target.port or 0,
        )
        for client in range(int(arguments[3]))
    ]
    await asyncio.sleep(seconds)
    elapsed = time.perf_counter() - began
    result = statistics.to_json(elapsed)
    for _, connection in connections:
        connection.end()
    return result


def _sku(number: int) -> str:
    return f"BENCH-{number:07}"


def _request(method: str, path: str, cookie: str, body: str = "", key: str = "") -> bytes:
    headers = {"Host": "127.0.0.1"}
    if cookie:
        headers["Cookie"] = cookie
    if body:
        headers |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
    if key:
        headers["Idempotency-Key"] = key
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n{body}".encode()


def main() -> None:
    """Run the script that the arguments name."""
    script, url, seconds, *arguments = sys.argv[1:]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(runner.run(run(script, url, float(seconds), arguments)))  # noqa: T201


if __name__ == "__main__":
    main()
