"""Stripe for tests: `run_localstripe` as a process of its own."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from typing import Any

from aiohttp import ClientSession, web

from shop.adapters.stripe.payment_gateway import LOOK_BACK_PERIOD, StripePaymentGateway
from shop.application.ports.clock import Clock
from tests.contract.payment_gateway.asgi_server import serving
from tests.contract.payment_gateway.stripe_rules_proxy import (
    SECRET_KEY,
    StripeRulesProxy,
    open_stripe_rules_proxy,
)

WEBHOOK_SECRETS = ("whsec_the_newer_of_two", "whsec_the_older_of_two")
TIMEOUT_SECONDS = 30
"""So long that a busy machine is not taken for a silent one."""

SCRIPT = """
import os, socket, sys, threading
from aiohttp import web
from localstripe.resources import Store
from localstripe.server import app
def end_with_parent():
    sys.stdin.read()
    os._exit(0)
threading.Thread(target=end_with_parent, daemon=True).start()
Store.dump_to_disk = lambda store: None
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
web.run_app(app, sock=listener, print=None, access_log=None)
"""
"""Its own command listens on every interface and stores its records in a shared file.

Here it also ends with the process that has started it.
"""


class LocalStripe:
    """A gateway, the front that it asks, and what customers and Stripe do by themselves."""

    def __init__(
        self,
        gateway: StripePaymentGateway,
        stripe_proxy: StripeRulesProxy,
        client: "LocalStripeClient",
    ) -> None:
        self.gateway = gateway
        self.proxy = stripe_proxy
        self._client = client

    async def complete_challenge(self, payment_id: str, *, success: bool) -> None:
        """Let the customer meet the challenge, or fail to."""
        intent = await self._client.request("GET", f"payment_intents/{payment_id}")
        form = {"client_secret": intent["client_secret"], "success": str(success).lower()}
        await self._client.request("POST", f"payment_intents/{payment_id}/_authenticate", form)

    async def cancel_at_dashboard(self, payment_id: str) -> None:
        """Cancel an intent at Stripe's dashboard."""
        await self._client.request("POST", f"payment_intents/{payment_id}/cancel")

    async def create_unrelated_payment(self, *, currency: str) -> None:
        """Create a payment that another program makes in the same Stripe account."""
        await self._client.request(
            "POST", "payment_intents", {"amount": "700", "currency": currency}
        )

    @asynccontextmanager
    async def webhooks(self) -> AsyncIterator[asyncio.Queue[tuple[bytes, Mapping[str, str]]]]:
        """Send events a second late, signed with the older of the two secrets."""
        received: asyncio.Queue[tuple[bytes, Mapping[str, str]]] = asyncio.Queue()

        async def receive(request: web.Request) -> web.Response:
            headers = {name.lower(): value for name, value in request.headers.items()}
            received.put_nowait((await request.read(), headers))
            return web.Response()

        async with serving(receive) as url:
            hook = {"url": url, "secret": WEBHOOK_SECRETS[-1]}
            await self._client.configure("webhooks/test", hook)
            yield received


class LocalStripeClient:
    """The server, asked directly."""

    def __init__(self, url: str, session: ClientSession) -> None:
        self._url = url
        self._session = session

    async def request(
        self, method: str, path: str, form: Mapping[str, str] | None = None
    ) -> Mapping[str, Any]:
        headers = {"Authorization": f"Bearer {SECRET_KEY}"}
        url = f"{self._url}/v1/{path}"
        async with self._session.request(method, url, data=form, headers=headers) as response:
            assert response.status < 500, await response.text()
            document: Mapping[str, Any] = await response.json()
            return document

    async def configure(self, what: str, form: Mapping[str, str]) -> None:
        async with self._session.post(f"{self._url}/_config/{what}", data=form) as response:
            assert response.status == 200

    async def clear(self) -> None:
        (await self._session.delete(f"{self._url}/_config/data")).release()


@contextmanager
def run_localstripe() -> Iterator[str]:
    """Start the server; give its address."""
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


@asynccontextmanager
async def open_local_stripe(url: str, clock: Clock) -> AsyncIterator[LocalStripe]:
    """Clear the server's records; yield a gateway adapter that uses this clock."""
    async with (
        ClientSession() as session,
        open_stripe_rules_proxy(url, session, clock) as stripe_proxy,
    ):
        client = LocalStripeClient(url, session)
        await client.clear()
        gateway = stripe_gateway(stripe_proxy.url, clock)
        try:
            yield LocalStripe(gateway, stripe_proxy, client)
        finally:
            await gateway.close()


def stripe_gateway(
    url: str,
    clock: Clock,
    *,
    secret_key: str = SECRET_KEY,
    timeout_seconds: float = TIMEOUT_SECONDS,
    look_back: timedelta = LOOK_BACK_PERIOD,
) -> StripePaymentGateway:
    return StripePaymentGateway(
        secret_key=secret_key,
        webhook_secrets=WEBHOOK_SECRETS,
        api_base=url,
        timeout_seconds=timeout_seconds,
        clock=clock,
        look_back=look_back,
    )
