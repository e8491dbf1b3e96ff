"""The client of the simulated gateway in a process of its own."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import quote
from uuid import UUID

import aiohttp
import orjson
from pydantic import BaseModel, ValidationError
from yarl import URL

from shop.adapters.simulated_gateway.http.schemas import (
    KEY_HEADER,
    MAX_PAGE,
    Empty,
    PaymentList,
    Rejection,
    Result,
    money_fields,
)
from shop.adapters.simulated_gateway.store.payment_store import effective_payment
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

D = TypeVar("D", bound=BaseModel)

MAX_CONNECTIONS = 256
"""Enough for two groups of orders that all pay at once; more requests wait for a connection."""

IN_PROGRESS = "request_in_progress"

_INDEFINITE_STATUSES = frozenset(
    {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
)
"""4xx statuses that ask the client to repeat the request, and so leave its outcome unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Response:
    status: int
    content: bytes


class HttpPaymentGateway(PaymentGateway):
    """Sends requests over connections that are opened on first use and kept."""

    def __init__(self, url: str, *, timeout_seconds: float) -> None:
        self._url = url
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._open_session: aiohttp.ClientSession | None = None

    async def authorise(self, request: AuthorisationRequest) -> AuthorisationResult:
        """Authorise an amount on a card, as its token determines."""
        # A database driver may have a UUID type of its own, which has no JSON form.
        wanted = {"order_id": str(request.reference), "token": request.token}
        response = await self._post(
            "/payments", request.key, {**wanted, **money_fields(request.amount)}
        )
        if response.status == HTTPStatus.PAYMENT_REQUIRED:
            return Declined(reason=_parse(Rejection, response).reason)
        result = _parse_success(Result, response).to_result()
        if result is None:
            raise GatewayOutcomeUnknown("a response without a result")
        return result

    async def capture(self, *, key: str, payment_id: str, amount: Money) -> None:
        """Capture an authorised payment."""
        await self._change(payment_id, "capture", key, money_fields(amount))

    async def void(self, *, key: str, payment_id: str) -> None:
        """Void a payment, also one that is not decided yet."""
        await self._change(payment_id, "void", key, {})

    async def refund(self, *, key: str, payment_id: str, amount: Money) -> None:
        """Refund some of a captured payment."""
        await self._change(payment_id, "refunds", key, money_fields(amount))

    async def find_payment(
        self,
        reference: UUID,
        payment_id: str | None = None,  # noqa: ARG002  References are indexed.
    ) -> GatewayPayment | None:
        """Return the effective payment of a reference."""
        return effective_payment(await self._list({"order_id": str(reference)}))

    async def list_payments(
        self, since: datetime, until: datetime
    ) -> AsyncIterator[GatewayPayment]:
        """Yield the payments created in a time range, page by page."""
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
        """Close all connections; the next request opens others."""
        session, self._open_session = self._open_session, None
        if session is not None:
            await session.close()

    async def _list(self, query: Mapping[str, str]) -> Sequence[GatewayPayment]:
        response = await self._request("GET", "/payments", params=query)
        items = _parse_success(PaymentList, response).items
        return [each.to_payment() for each in items]

    async def _change(
        self, payment_id: str, operation: str, key: str, content: Mapping[str, Any]
    ) -> None:
        path = f"/payments/{quote(payment_id, safe='')}/{operation}"
        _parse_success(Empty, await self._post(path, key, content))

    async def _post(self, path: str, key: str, content: Mapping[str, Any]) -> _Response:
        headers = {KEY_HEADER: key, "content-type": "application/json"}
        return await self._request("POST", path, data=orjson.dumps(content), headers=headers)

    async def _request(self, method: str, path: str, **options: Any) -> _Response:  # noqa: ANN401  What the client takes.
        """Return the response; raise `GatewayOutcomeUnknown` unless it is definite."""
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


def _parse_success(document: type[D], response: _Response) -> D:
    """Return the document of a success; raise `GatewayRejected` for a definite error."""
    if response.status < HTTPStatus.BAD_REQUEST:
        return _parse(document, response)
    reason = _parse(Rejection, response).reason
    if reason == IN_PROGRESS:
        raise GatewayOutcomeUnknown(reason)
    raise GatewayRejected(reason)


def _parse(document: type[D], response: _Response) -> D:
    try:
        return document.model_validate_json(response.content)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        raise GatewayOutcomeUnknown(
            f"unreadable response: {'/'.join(map(str, fault['loc']))}: {fault['msg']}"
        ) from error
