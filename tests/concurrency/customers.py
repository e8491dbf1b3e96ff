"""Customers with a client of their own each: a cookie jar over shared connections."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

import httpx2

from tests.timeouts import TEST_TIMEOUT_SECONDS

Json = dict[str, Any]

PASSWORD = "correct horse battery"


class Customer:
    """A visitor with a cookie jar, who may have signed up."""

    def __init__(self, url: str, connections: httpx2.AsyncHTTPTransport) -> None:
        self.client = httpx2.AsyncClient(
            base_url=f"{url}/api/v1",
            transport=connections,
            timeout=TEST_TIMEOUT_SECONDS,
            trust_env=False,
        )
        self.email = f"{uuid4().hex}@example.com"

    @property
    def cookie(self) -> str:
        """The value that opens the session."""
        return self.client.cookies["shop_session"]

    async def request(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, **headers: str
    ) -> httpx2.Response:
        """Send a request; header names are given with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.request(method, path, json=body, headers=named)

    async def sign_up(self) -> "Customer":
        response = await self.request(
            "POST", "/users", {"name": "Ada", "email": self.email, "password": PASSWORD}
        )
        assert response.status_code == 201, response.text
        return self

    async def sign_in(self) -> "Customer":
        credentials = {"email": self.email, "password": PASSWORD}
        response = await self.request("POST", "/session", credentials)
        assert response.status_code == 200, response.text
        return self

    async def order(
        self, sku: str, quantity: int = 1, key: str = "", codes: Sequence[str] = ()
    ) -> httpx2.Response:
        body = {
            "lines": [{"sku": sku, "quantity": quantity}],
            "payment": {"method": "account"},
            **({"codes": codes} if codes else {}),
        }
        return await self.request("POST", "/orders", body, idempotency_key=key or uuid4().hex)

    async def transfer(self, to: str, amount: int) -> httpx2.Response:
        body = {"to": to, "amount": {"amount": amount, "currency": "EUR"}}
        return await self.request("POST", "/transfers", body, idempotency_key=uuid4().hex)

    async def balance(self) -> int:
        response = await self.request("GET", "/account")
        amount: int = response.json()["balance"]["amount"]
        return amount


class Admin(Customer):
    """An admin, who can add products and stock."""

    async def stock(self, sku: str, quantity: int, price: int = 100) -> None:
        """Offer a product, with this many on hand."""
        product = {
            "name": sku,
            "description": "",
            "price": {"amount": price, "currency": "EUR"},
            "active": True,
        }
        response = await self.request("PUT", f"/products/{sku}", product)
        assert response.status_code == 201, response.text
        response = await self.request(
            "POST", f"/products/{sku}/stock", {"delta": quantity, "reason": "delivery"}
        )
        assert response.status_code == 201, response.text

    async def promote(self, slug: str, **limits: object) -> None:
        """Take half off, with these limits."""
        document = {
            "name": "Half price",
            "active": True,
            "conditions": {},
            "effect": {"kind": "percentage", "percentage": "50"},
            "target": "order",
            "combinable": False,
            **limits,
        }
        response = await self.request("PUT", f"/promotions/{slug}", document)
        assert response.status_code in (200, 201), response.text
