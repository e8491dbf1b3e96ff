"""The client of the simulated gateway in a process of its own."""

from collections.abc import Mapping, Sequence
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
)
from shop.adapters.simulated_gateway.operations import Operation
from shop.adapters.simulated_gateway.payment_gateway import SimulatedPaymentGateway
from shop.adapters.simulated_gateway.responses import SimulatedResponse, Succeeded
from shop.application.ports.paging import TimeRange
from shop.application.ports.payment_gateway import (
    Declined,
    GatewayOutcomeUnknown,
    GatewayPayment,
    GatewayRejected,
)
from shop.domain.shared.value import value

D = TypeVar("D", bound=BaseModel)

MAX_CONNECTIONS = 256
"""Enough for two groups of orders that all pay at once; more requests wait for a connection."""

IN_PROGRESS = "request_in_progress"

_INDEFINITE_STATUSES = frozenset(
    {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
)
"""4xx statuses that ask the client to repeat the request, and so leave its outcome unknown."""


@value
class _Response:
    status: int
    content: bytes


class HttpPaymentGateway(SimulatedPaymentGateway):
    """Sends operations over connections that are opened on first use and kept."""

    def __init__(self, url: str, *, timeout_seconds: float) -> None:
        super().__init__(url)
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._open_session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close all connections; the next request opens others."""
        session, self._open_session = self._open_session, None
        if session is not None:
            await session.close()

    async def _run(self, operation: Operation) -> SimulatedResponse:
        response = await self._request(
            "POST",
            _path(operation),
            data=orjson.dumps(_content(operation)),
            headers={KEY_HEADER: operation.key or "", "content-type": "application/json"},
        )
        if operation.authorisation is None:
            _parse_success(Empty, response)
            return Succeeded()
        if response.status == HTTPStatus.PAYMENT_REQUIRED:
            return Declined(reason=_parse(Rejection, response).reason)
        result = _parse_success(Result, response).to_result()
        if result is None:
            raise GatewayOutcomeUnknown("a response without a result")
        return result

    async def _with_reference(self, reference: UUID) -> Sequence[GatewayPayment]:
        return await self._list({"order_id": str(reference)})

    async def _page(self, time_range: TimeRange, after: str | None) -> Sequence[GatewayPayment]:
        since, until = time_range.since.isoformat(), time_range.until.isoformat()
        query = {"since": since, "until": until, "limit": str(MAX_PAGE)}
        return await self._list(query if after is None else {**query, "after": after})

    async def _list(self, query: Mapping[str, str]) -> Sequence[GatewayPayment]:
        response = await self._request("GET", "/payments", params=query)
        return [each.to_payment() for each in _parse_success(PaymentList, response).items]

    async def _request(self, method: str, path: str, **options: Any) -> _Response:  # noqa: ANN401  What the client takes.
        """Return the response; raise `GatewayOutcomeUnknown` unless it is definite."""
        url = URL(self._url + path, encoded=True)
        try:
            async with self._session.request(
                method, url, allow_redirects=False, **options
            ) as response:
                result = _Response(status=response.status, content=await response.read())
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise GatewayOutcomeUnknown(_problem(error, url.origin())) from error
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


def _problem(error: Exception, server: URL) -> str:
    """Return problem and remedy for a request without a response."""
    match error:
        case aiohttp.ClientConnectorError() if not isinstance(error, aiohttp.ClientSSLError):
            return (
                f"nothing answers at {server}; start `shop gateway` there,"
                " or correct SHOP_SIMULATED_GATEWAY_URL"
            )
        case _:
            return f"{str(error) or type(error).__name__} at {server}"


def _path(operation: Operation) -> str:
    if operation.authorisation is not None:
        return "/payments"
    name = "refunds" if operation.name == "refund" else operation.name
    return f"/payments/{quote(operation.payment_id or '', safe='')}/{name}"


def _content(operation: Operation) -> Mapping[str, Any]:
    request = operation.authorisation
    amount = operation.amount if request is None else request.amount
    content = {} if amount is None else {"amount": amount.amount, "currency": str(amount.currency)}
    if request is None:
        return content
    # A database driver may have a UUID type of its own, which has no JSON form.
    return {**content, "order_id": str(request.reference), "token": request.token}


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
