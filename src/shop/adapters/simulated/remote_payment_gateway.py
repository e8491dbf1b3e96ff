"""The simulated gateway as a process of its own, asked over HTTP."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote
from uuid import UUID

import aiohttp
import orjson
from yarl import URL

from shop.adapters.simulated.books import foremost
from shop.adapters.simulated.wire import (
    KEY_HEADER,
    MAX_PAGE,
    Unreadable,
    document,
    money_document,
    payment_of,
    text_of,
    verdict_of,
    wish_document,
)
from shop.application.ports.payment_gateway import (
    Authorise,
    Declined,
    GatewayPayment,
    GatewayRefused,
    GatewaySilent,
    Notice,
    NoticeRefused,
    PaymentGateway,
    Verdict,
)
from shop.domain.money import Money

CONNECTIONS = 256
"""As many as two groups of orders that all pay at once; who comes beyond that waits."""

IN_PROGRESS = "request_in_progress"

_NO_VERDICT_YET = frozenset(
    {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
)
"""Statuses of the 4xx that say nothing definite: to ask again is what they ask for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reply:
    status: int
    content: bytes


class RemotePaymentGateway(PaymentGateway):
    """Asks the gateway's process, over connections that are kept and opened on first use."""

    def __init__(self, url: str, *, timeout_seconds: float) -> None:
        self._url = url
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._opened: aiohttp.ClientSession | None = None

    async def authorise(self, wish: Authorise) -> Verdict:
        """Set an amount aside on a card, as its token has it."""
        reply = await self._post("/payments", wish.key, wish_document(wish))
        with _unreadable_is_silent():
            if reply.status == HTTPStatus.PAYMENT_REQUIRED:
                return Declined(reason=text_of(document(reply.content), "reason"))
            verdict = verdict_of(_content(reply))
        if verdict is None:
            raise GatewaySilent("an answer without a verdict")
        return verdict

    async def capture(self, *, key: str, payment_id: str, amount: Money) -> None:
        """Take what was set aside."""
        path = f"/payments/{quote(payment_id, safe='')}/capture"
        _require_done(await self._post(path, key, money_document(amount)))

    async def void(self, *, key: str, payment_id: str) -> None:
        """Give up what was set aside, or what might have been."""
        path = f"/payments/{quote(payment_id, safe='')}/void"
        _require_done(await self._post(path, key, {}))

    async def refund(self, *, key: str, payment_id: str, amount: Money) -> None:
        """Give back some of what was captured."""
        path = f"/payments/{quote(payment_id, safe='')}/refunds"
        _require_done(await self._post(path, key, money_document(amount)))

    async def look_up(
        self,
        reference: UUID,
        payment_id: str | None = None,  # noqa: ARG002  References are found at once.
    ) -> GatewayPayment | None:
        """Return the payment of a reference that counts."""
        return foremost(await self._list({"order_id": str(reference)}))

    async def payments(self, since: datetime, until: datetime) -> AsyncIterator[GatewayPayment]:
        """Yield the payments of a span of time, page by page."""
        query = {"since": since.isoformat(), "until": until.isoformat(), "limit": str(MAX_PAGE)}
        page = await self._list(query)
        while page:
            for payment in page:
                yield payment
            page = await self._list({**query, "after": page[-1].id})

    def read_notice(self, body: bytes, headers: Mapping[str, str]) -> Notice:  # noqa: ARG002  As the port has it.
        """Raise `NoticeRefused`: this gateway sends no notices."""
        raise NoticeRefused("the simulated gateway sends no notices")

    async def close(self) -> None:
        """Give back every connection; who asks later opens others."""
        opened, self._opened = self._opened, None
        if opened is not None:
            await opened.close()

    async def _list(self, query: Mapping[str, str]) -> Sequence[GatewayPayment]:
        reply = await self._ask("GET", "/payments", params=query)
        with _unreadable_is_silent():
            items = _content(reply).get("items")
            if not isinstance(items, list):
                raise Unreadable("items")
            return [payment_of(item) for item in items]

    async def _post(self, path: str, key: str, sent: Mapping[str, Any]) -> _Reply:
        headers = {KEY_HEADER.decode(): key, "content-type": "application/json"}
        return await self._ask("POST", path, data=orjson.dumps(sent), headers=headers)

    async def _ask(self, method: str, path: str, **options: Any) -> _Reply:  # noqa: ANN401  What the client takes.
        """Return what came back; raise `GatewaySilent` where it says nothing definite."""
        url = URL(self._url + path, encoded=True)
        try:
            async with self._session.request(
                method, url, allow_redirects=False, **options
            ) as answer:
                reply = _Reply(status=answer.status, content=await answer.read())
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise GatewaySilent(str(error) or type(error).__name__) from error
        if not _is_definite(reply.status):
            raise GatewaySilent(f"status {reply.status}")
        return reply

    @property
    def _session(self) -> aiohttp.ClientSession:
        if self._opened is None:
            self._opened = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=CONNECTIONS),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=self._timeout,
            )
        return self._opened


def _is_definite(status: int) -> bool:
    is_success = HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES
    is_no = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    return is_success or (is_no and status not in _NO_VERDICT_YET)


def _require_done(reply: _Reply) -> None:
    with _unreadable_is_silent():
        _content(reply)


def _content(reply: _Reply) -> Mapping[str, Any]:
    """Return what a success tells; raise `GatewayRefused` for a definite no, or `Unreadable`."""
    told = document(reply.content)
    if reply.status < HTTPStatus.BAD_REQUEST:
        return told
    reason = text_of(told, "reason")
    if reason == IN_PROGRESS:
        raise GatewaySilent(reason)
    raise GatewayRefused(reason)


@contextmanager
def _unreadable_is_silent() -> Iterator[None]:
    try:
        yield
    except Unreadable as error:
        raise GatewaySilent(f"an answer that cannot be read: {error}") from error
