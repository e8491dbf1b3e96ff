"""Requests whose last bytes arrive together: all are decided at the same moment."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from tests.concurrency.customers import Customer
from tests.entrypoints.http_server.wire import Client


@dataclass(frozen=True)
class RawResponse:
    """A response as it came."""

    status: int
    body: Mapping[str, Any]
    is_replayed: bool

    @property
    def problem(self) -> str:
        """The code of a rejection."""
        return str(self.body["type"]).rpartition("/")[2]


async def order_at_once(
    customers: Sequence[Customer], sku: str, *, key: str = "", codes: Sequence[str] = ()
) -> Sequence[RawResponse]:
    """Have each customer order one piece, and send the last byte of all when all others are sent.

    Each has a connection of its own. Without a key, each request has one of its own.
    """
    body = json.dumps(
        {
            "lines": [{"sku": sku, "quantity": 1}],
            "payment": {"method": "account"},
            **({"codes": codes} if codes else {}),
        }
    ).encode()
    opened = await asyncio.gather(*(_open(each) for each in customers))
    try:
        for customer, client in zip(customers, opened, strict=True):
            client.writer.write(_head(customer, key or uuid4().hex, len(body)) + body[:-1])
        await asyncio.gather(*(client.writer.drain() for client in opened))
        for client in opened:
            client.writer.write(body[-1:])
        return await asyncio.gather(*(_response_to(client) for client in opened))
    finally:
        for client in opened:
            client.writer.close()


async def _open(customer: Customer) -> Client:
    url = urlsplit(str(customer.client.base_url))
    return Client(*await asyncio.open_connection(url.hostname, url.port))


def _head(customer: Customer, key: str, length: int) -> bytes:
    return (
        f"POST /api/v1/orders HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        f"Cookie: shop_session={customer.cookie}\r\nIdempotency-Key: {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


async def _response_to(client: Client) -> RawResponse:
    response = await client.response()
    is_replayed = response.headers.get("idempotent-replayed") == "true"
    return RawResponse(response.status, response.json, is_replayed)
