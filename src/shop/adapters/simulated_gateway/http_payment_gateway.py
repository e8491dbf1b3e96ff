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

from shop.adapters.simulated_gateway.http.schemas import (
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
from shop.adapters.simulated_gateway.payment_store import effective_payment
from shop.application.ports.payment_gateway import (
    AuthorisationRequest,
    AuthorisationResult,
    Declined,
    GatewayEvent,
    GatewayOutcomeUnknown,
    GatewayPayment,
    GatewayRejected,
    InvalidGatewayEvent,
    PaymentGateway,
)
from shop.domain.shared.money import Money

MAX_CONNECTIONS = 256
"""As many as two groups of orders that all pay at once; who comes beyond that waits."""

IN_PROGRESS = "request_in_progress"

_INDEFINITE_STATUSES = frozenset(
    {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
)
"""Statuses of the 4xx that say nothing definite: to ask again is what they ask for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Response:
    status: int
    content: bytes


class HttpPaymentGateway(PaymentGateway):
    """Asks the gateway's process, over connections that are kept and opened on first use."""

    def __init__(self, url: str, *, timeout_seconds: float) -> None:
        self._url = url
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._open_session: aiohttp.ClientSession | None = None

    async def authorise(self, request: AuthorisationRequest) -> AuthorisationResult:
        """Set an amount aside on a card, as its token has it."""
        response = await self._post("/payments", request.key, wish_document(request))
        with _translating_malformed_responses():
            if response.status == HTTPStatus.PAYMENT_REQUIRED:
                return Declined(reason=text_of(document(response.content), "reason"))
            result = verdict_of(_content(response))
        if result is None:
            raise GatewayOutcomeUnknown("an answer without a verdict")
        return result

    async def capture(self, *, key: str, payment_id: str, amount: Money) -> None:
        """Take what was set aside."""
        path = f"/payments/{quote(payment_id, safe='')}/capture"
        _require_success(await self._post(path, key, money_document(amount)))

    async def void(self, *, key: str, payment_id: str) -> None:
        """Give up what was set aside, or what might have been."""
        path = f"/payments/{quote(payment_id, safe='')}/void"
        _require_success(await self._post(path, key, {}))

    async def refund(self, *, key: str, payment_id: str, amount: Money) -> None:
        """Give back some of what was captured."""
        path = f"/payments/{quote(payment_id, safe='')}/refunds"
        _require_success(await self._post(path, key, money_document(amount)))

    async def find_payment(
        self,
        reference: UUID,
        payment_id: str | None = None,  # noqa: ARG002  References are found at once.
    ) -> GatewayPayment | None:
        """Return the payment of a reference that counts."""
        return effective_payment(await self._list({"order_id": str(reference)}))

    async def list_payments(
        self, since: datetime, until: datetime
    ) -> AsyncIterator[GatewayPayment]:
        """Yield the payments of a span of time, page by page."""
        query = {"since": since.isoformat(), "until": until.isoformat(), "limit": str(MAX_PAGE)}
        page = await self._list(query)
        while page:
            for payment in page:
                yield payment
            page = await self._list({**query, "after": page[-1].id})

    def parse_event(self, body: bytes, headers: Mapping[str, str]) -> GatewayEvent:  # noqa: ARG002  As the port has it.
        """Raise `InvalidGatewayEvent`: this gateway sends no events."""
        raise InvalidGatewayEvent("the simulated gateway sends no events")

    async def close(self) -> None:
        """Give back every connection; who asks later opens others."""
        session, self._open_session = self._open_session, None
        if session is not None:
            await session.close()

    async def _list(self, query: Mapping[str, str]) -> Sequence[GatewayPayment]:
        response = await self._request("GET", "/payments", params=query)
        with _translating_malformed_responses():
            items = _content(response).get("items")
            if not isinstance(items, list):
                raise Unreadable("items")
            return [payment_of(item) for item in items]

    async def _post(self, path: str, key: str, content: Mapping[str, Any]) -> _Response:
        headers = {KEY_HEADER.decode(): key, "content-type": "application/json"}
        return await self._request("POST", path, data=orjson.dumps(content), headers=headers)

    async def _request(self, method: str, path: str, **options: Any) -> _Response:  # noqa: ANN401  What the client takes.
        """Return what came back; raise `GatewayOutcomeUnknown` where it says nothing definite."""
        url = URL(self._url + path, encoded=True)
        try:
            async with self._session.request(
                method, url, allow_redirects=False, **options
            ) as response:
                result = _Response(status=response.status, content=await response.read())
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise GatewayOutcomeUnknown(str(error) or type(error).__name__) from error
        if not _is_definite(result.status):
            raise GatewayOutcomeUnknown(f"status {result.status}")
        return result

    @property
    def _session(self) -> aiohttp.ClientSession:
        if self._open_session is None:
            self._open_session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=MAX_CONNECTIONS),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=self._timeout,
            )
        return self._open_session


def _is_definite(status: int) -> bool:
    is_success = HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES
    is_rejection = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    return is_success or (is_rejection and status not in _INDEFINITE_STATUSES)


def _require_success(response: _Response) -> None:
    with _translating_malformed_responses():
        _content(response)


def _content(response: _Response) -> Mapping[str, Any]:
    """Return what a success tells; raise `GatewayRejected` for a definite no, or `Unreadable`."""
    content = document(response.content)
    if response.status < HTTPStatus.BAD_REQUEST:
        return content
    reason = text_of(content, "reason")
    if reason == IN_PROGRESS:
        raise GatewayOutcomeUnknown(reason)
    raise GatewayRejected(reason)


@contextmanager
def _translating_malformed_responses() -> Iterator[None]:
    try:
        yield
    except Unreadable as error:
        raise GatewayOutcomeUnknown(f"an answer that cannot be read: {error}") from error
