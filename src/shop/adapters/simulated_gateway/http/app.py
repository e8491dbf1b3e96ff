"""The gateway's own HTTP API: an app around the books."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from uuid import UUID

from starlette.types import Receive, Scope, Send

from shop.adapters.simulated_gateway.http.exchange import (
    Reply,
    Request,
    problem,
    refusal,
    reply_to,
    told,
)
from shop.adapters.simulated_gateway.http.schemas import (
    MAX_PAGE,
    Unreadable,
    flag_of,
    moment_of,
    money_document,
    money_of,
    payment_document,
    verdict_document,
    wish_of,
)
from shop.adapters.simulated_gateway.payment_store import PaymentStore
from shop.adapters.simulated_gateway.responses import (
    NOT_FOUND,
    Failed,
    NoResponse,
    SimulatedResponse,
    Succeeded,
)
from shop.adapters.simulated_gateway.store.rows import StoredPayment, TimeRange
from shop.application.ports.clock import Clock
from shop.application.ports.payment_gateway import ActionRequired, Approved

HANG_SECONDS = 120
"""Longer than any shop waits."""

_LIMIT = re.compile(r"[0-9]{1,3}")
_ALWAYS = TimeRange(since=datetime.min.replace(tzinfo=UTC), until=datetime.max.replace(tzinfo=UTC))

_Handler = Callable[[Request], Awaitable[Reply]]


class GatewayApp:
    """An ASGI app, as bare as can be: it stands in for a gateway where speed is measured.

    What changes something is sent as JSON; all of that but the customer's step takes an
    `Idempotency-Key`.
    """

    def __init__(self, books: PaymentStore, clock: Clock) -> None:
        self._books = books
        self._clock = clock
        self._routes: Mapping[str, Mapping[str, _Handler]] = {
            "/payments": {"POST": self._authorise, "GET": self._list},
            "/payments/{id}": {"GET": self._show},
            "/payments/{id}/capture": {"POST": self._capture},
            "/payments/{id}/void": {"POST": self._void},
            "/payments/{id}/refunds": {"POST": self._refund},
            "/payments/{id}/authentication": {"POST": self._authenticate},
            "/healthz": {"GET": self._tell_alive},
        }

    async def open(self) -> None:
        """Open the books; raise `sqlite3.Error` or `OSError` where that cannot be."""
        await self._books.open()

    async def close(self) -> None:
        """Close the books."""
        await self._books.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or be started and stopped."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            reply = await reply_to(Request(scope, receive), self._handle)
            await reply.send(send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await self.open()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _handle(self, request: Request) -> Reply:
        handlers = self._routes.get(request.route)
        if handlers is None:
            return problem(HTTPStatus.NOT_FOUND, "not_found")
        handler = handlers.get("GET" if request.method == "HEAD" else request.method)
        if handler is None:
            allowed = ", ".join([*handlers, "HEAD"] if "GET" in handlers else handlers)
            reply = problem(HTTPStatus.METHOD_NOT_ALLOWED, "method_not_allowed")
            return reply.with_header("allow", allowed)
        return await handler(request)

    async def _authorise(self, request: Request) -> Reply:
        """Set an amount aside on a card, as its token has it."""
        wish = wish_of(request.key(), await request.document())
        match await self._books.authorise(wish):
            case Approved() as approved:
                return told(verdict_document(approved), HTTPStatus.CREATED)
            case ActionRequired() as challenged:
                return told(verdict_document(challenged), HTTPStatus.ACCEPTED)
            case NoResponse():
                await self._hang(request)
                return problem(HTTPStatus.GATEWAY_TIMEOUT, "gateway_timeout")
            case answer:
                return refusal(answer)

    async def _capture(self, request: Request) -> Reply:
        """Take what was set aside."""
        key, payment_id, amount = request.key(), request.id, money_of(await request.document())
        answer = await self._books.capture(key=key, payment_id=payment_id, amount=amount)
        return _done(answer, {"id": payment_id, "captured": True})

    async def _void(self, request: Request) -> Reply:
        """Give up what was set aside, or what might have been."""
        key, payment_id = request.key(), request.id
        await request.document()
        answer = await self._books.void(key=key, payment_id=payment_id)
        return _done(answer, {"id": payment_id, "voided": True})

    async def _refund(self, request: Request) -> Reply:
        """Give back some of what was captured."""
        key, payment_id, amount = request.key(), request.id, money_of(await request.document())
        answer = await self._books.refund(key=key, payment_id=payment_id, amount=amount)
        return _done(answer, {"id": payment_id, **money_document(amount)}, HTTPStatus.CREATED)

    async def _authenticate(self, request: Request) -> Reply:
        """Take the step that the customer was asked for, or fail at it; then tell the payment."""
        approved = flag_of(await request.document(), "approved")
        answer = await self._books.authenticate(request.id, approved=approved)
        return refusal(answer) if isinstance(answer, Failed) else await self._show(request)

    async def _show(self, request: Request) -> Reply:
        """Tell of a payment."""
        booked = await self._books.payment(request.id)
        if booked is None:
            return problem(HTTPStatus.NOT_FOUND, NOT_FOUND)
        return told(payment_document(booked))

    async def _list(self, request: Request) -> Reply:
        """Tell of all payments, of an order's, or of a span of time's; the oldest first."""
        query = request.query()
        if "order_id" in query:
            return await _listed(await self._books.with_reference(_order_id(query["order_id"])))
        span = TimeRange(
            since=moment_of(query["since"]) if "since" in query else _ALWAYS.since,
            until=moment_of(query["until"]) if "until" in query else _ALWAYS.until,
        )
        limit = _limit(query["limit"]) if "limit" in query else None
        return await _listed(await self._books.page(span, after=query.get("after"), limit=limit))

    async def _tell_alive(self, _: Request) -> Reply:
        return told({"status": "alive"})

    async def _hang(self, request: Request) -> None:
        """Let time pass until the client has gone, or longer than any shop waits."""
        gone = asyncio.ensure_future(request.gone())
        passed = asyncio.ensure_future(self._clock.sleep(HANG_SECONDS))
        _, left = await asyncio.wait({gone, passed}, return_when=asyncio.FIRST_COMPLETED)
        for each in left:
            each.cancel()


def _done(answer: SimulatedResponse, content: object, status: HTTPStatus = HTTPStatus.OK) -> Reply:
    return told(content, status) if isinstance(answer, Succeeded) else refusal(answer)


async def _listed(payments: Sequence[StoredPayment]) -> Reply:
    def written() -> Reply:
        return told({"items": [payment_document(each) for each in payments]})

    # There may be very many of them, and others wait.
    return await asyncio.to_thread(written)


def _order_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Unreadable("order_id") from None


def _limit(text: str) -> int:
    if not _LIMIT.fullmatch(text) or not 1 <= int(text) <= MAX_PAGE:
        raise Unreadable("limit")
    return int(text)
