"""What `run_localstripe` lacks, put before it: Stripe's keys, rules, order and failures.

localstripe captures, cancels and refunds in any state, has no idempotency keys, lists in its own
order, and never fails. The proxy follows Stripe's documentation.
"""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any

from aiohttp import ClientSession, web

from shop.application.ports.clock import Clock
from tests.contract.payment_gateway.asgi_server import serving

SECRET_KEY = "sk_test_of_no_shop"
MAX_PAGE_SIZE = 100
MINIMUM_AMOUNT = 50

CARDS = {
    "tok_visa": ("4242424242424242", None),
    "tok_declined": ("4000000000000341", "generic_decline"),
    "tok_insufficient": ("4000000000000341", "insufficient_funds"),
    "tok_authenticate": ("4000002500003155", None),
    "tok_slow": ("4242424242424242", None),
    "tok_timeout_before": ("4242424242424242", None),
    "tok_timeout_after": ("4242424242424242", None),
    "tok_error": ("4242424242424242", None),
}
"""By token: a number that localstripe knows, and the word with which the issuer declines."""

Document = Mapping[str, Any]


class Fault(Enum):
    """What can happen to a request: DROPPED before it is carried out, all else afterwards."""

    DROPPED = auto()
    NO_RESPONSE = auto()
    RESPONSE_LOST = auto()
    RESPONSE_TRUNCATED = auto()
    SERVER_ERROR = auto()


FAULTS = {
    "tok_timeout_before": Fault.DROPPED,
    "tok_timeout_after": Fault.RESPONSE_LOST,
    "tok_error": Fault.SERVER_ERROR,
}
"""What happens to the first request under a key, by token."""


@dataclass(frozen=True, slots=True)
class StripeResponse:
    status: int
    document: Document | str

    @property
    def body(self) -> bytes:
        text = self.document if isinstance(self.document, str) else json.dumps(self.document)
        return text.encode()


@dataclass(frozen=True, slots=True)
class StripeRequest:
    method: str
    path: str
    key: str | None
    form: Mapping[str, str]


@dataclass(slots=True)
class RememberedKey:
    """What a key was used for, and what was answered, once it was."""

    request: StripeRequest
    since: datetime
    response: StripeResponse | None = None


@dataclass(slots=True)
class StripeRulesProxy:
    """Meets each request, or each of the method `at_fault`, with the next of the `faults`.

    Without one it answers; what changes something only once the `gate` is open.
    """

    upstream: str
    session: ClientSession
    clock: Clock
    url: str = ""
    faults: deque[Fault | StripeResponse] = field(default_factory=deque)
    at_fault: str | None = None
    requests: list[StripeRequest] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    is_silent: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once a request was carried out that gets no response."""
    max_page_size: int = MAX_PAGE_SIZE
    idempotency_window: timedelta = timedelta(days=1)
    _seen_keys: set[str | None] = field(default_factory=set)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _remembered_keys: dict[str, RememberedKey] = field(default_factory=dict)
    _created: dict[str, int] = field(default_factory=dict)
    _decline_codes: dict[str, str] = field(default_factory=dict)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        form = request.query if request.method == "GET" else await request.post()
        stripe_request = StripeRequest(
            request.method,
            request.path.removeprefix("/v1/"),
            request.headers.get("Idempotency-Key"),
            {name: str(value) for name, value in form.items()},
        )
        self.requests.append(stripe_request)
        fault = self._next_fault(stripe_request)
        match fault:
            case StripeResponse():
                return _response(fault)
            case Fault.DROPPED:
                return _close_connection(request)
        stripe_response = await self._respond(stripe_request)
        match fault:
            case Fault.NO_RESPONSE:
                self.is_silent.set()
                await self.closing.wait()
            case Fault.RESPONSE_LOST:
                return _close_connection(request)
            case Fault.RESPONSE_TRUNCATED:
                response = web.StreamResponse(
                    headers={"Content-Length": str(len(stripe_response.body))}
                )
                await response.prepare(request)
                await response.write(stripe_response.body[:-1])
                return _close_connection(request, response)
            case Fault.SERVER_ERROR:
                stripe_response = error_response(500, "api_error")
                self._remember(stripe_request, stripe_response)
        return _response(stripe_response)

    def _next_fault(self, request: StripeRequest) -> Fault | StripeResponse | None:
        if self.faults and self.at_fault in {None, request.method}:
            return self.faults.popleft()
        if request.key in self._seen_keys:
            return None
        self._seen_keys.add(request.key)
        return FAULTS.get(request.form.get("payment_method", ""))

    async def _respond(self, request: StripeRequest) -> StripeResponse:
        if request.method == "GET":
            return await self._get(request)
        assert request.key is not None
        remembered = self._remembered_keys.setdefault(
            request.key, RememberedKey(request, self.clock.now())
        )
        if self.clock.now() - remembered.since >= self.idempotency_window:
            remembered = self._remembered_keys[request.key] = RememberedKey(
                request, self.clock.now()
            )
        if remembered.request != request:
            return error_response(400, "idempotency_error")
        if remembered.response is None and remembered.request is not request:
            return error_response(409, code="idempotency_key_in_use")
        if remembered.response is None:
            self.arrived.set()
            await self.gate.wait()
            async with self._lock:
                self._remember(request, await self._modify(request))
        response = remembered.response
        assert response is not None
        return response

    def _remember(self, request: StripeRequest, response: StripeResponse) -> None:
        assert request.key is not None
        self._remembered_keys[request.key].response = response

    async def _get(self, request: StripeRequest) -> StripeResponse:
        expanded = [value for name, value in request.form.items() if name.startswith("expand")]
        if request.path != "payment_intents":
            return await self.fetch(request.path, "latest_charge" in expanded)
        limit = int(request.form.get("limit", "10"))
        if limit > MAX_PAGE_SIZE:
            return error_response(400, param="limit")
        listed = [
            self._completed_intent(each, "data.latest_charge" in expanded)
            for each in reversed(await self._list_intents())
            if _is_within(self._created[each["id"]], request.form)
        ]
        last = request.form.get("starting_after")
        ids = [each["id"] for each in listed]
        rest = listed[ids.index(last) + 1 :] if last else listed
        size = min(limit, self.max_page_size)
        page = {"object": "list", "url": "/v1/payment_intents", "data": rest[:size]}
        return StripeResponse(200, {**page, "has_more": len(rest) > size})

    async def fetch(self, path: str, expanded: bool) -> StripeResponse:  # noqa: FBT001  As above.
        response = await self._forward("GET", path)
        if isinstance(response.document, str) or response.status != 200:
            return response
        return StripeResponse(200, self._completed_intent(response.document, expanded))

    async def _modify(self, request: StripeRequest) -> StripeResponse:
        if request.path == "payment_intents":
            return await self._create_intent(request.form)
        if request.path == "refunds":
            return await self._create_refund(request.form)
        _, intent_id, operation = request.path.split("/")
        intent = await self._forward("GET", f"payment_intents/{intent_id}")
        if intent.status != 200 or isinstance(intent.document, str):
            return intent
        allowed_statuses = {
            "capture": {"requires_capture"},
            "cancel": {"requires_capture", "requires_action", "requires_payment_method"},
        }
        if intent.document["status"] not in allowed_statuses[operation]:
            return error_response(400, code="payment_intent_unexpected_state")
        if int(request.form.get("amount_to_capture", "0")) > intent.document["amount"]:
            return error_response(400, code="amount_too_large", param="amount_to_capture")
        return await self._forward("POST", request.path, request.form)

    async def _create_intent(self, form: Mapping[str, str]) -> StripeResponse:
        if int(form["amount"]) < MINIMUM_AMOUNT:
            return error_response(400, code="amount_too_small", param="amount")
        if form["payment_method"] not in CARDS:
            return error_response(400, code="resource_missing", param="payment_method")
        number, decline_code = CARDS[form["payment_method"]]
        supported_form = {
            name: value
            for name, value in form.items()
            if not name.startswith(("automatic_payment_methods", "use_stripe_sdk"))
        }
        response = await self._forward(
            "POST",
            "payment_intents",
            {**supported_form, "payment_method": await self._create_card(number)},
        )
        await self._list_intents()
        if response.status == 402 and decline_code and not isinstance(response.document, str):
            error = response.document["error"]
            self._decline_codes[error["charge"]] = decline_code
            return StripeResponse(402, {"error": {**error, "decline_code": decline_code}})
        return response

    async def _create_card(self, number: str) -> str:
        card = {"number": number, "exp_month": "12", "exp_year": "2030", "cvc": "123"}
        form = {f"card[{name}]": value for name, value in card.items()}
        response = await self._forward("POST", "payment_methods", {"type": "card", **form})
        assert not isinstance(response.document, str)
        return str(response.document["id"])

    async def _create_refund(self, form: Mapping[str, str]) -> StripeResponse:
        intent = await self._forward("GET", f"payment_intents/{form['payment_intent']}")
        assert not isinstance(intent.document, str)
        charge = intent.document["latest_charge"]
        if int(form["amount"]) <= 0:
            return error_response(400, code="parameter_invalid_integer", param="amount")
        if int(form["amount"]) > charge["amount"] - charge["amount_refunded"]:
            return error_response(400, code="charge_already_refunded")
        return await self._forward("POST", "refunds", form)

    def _completed_intent(self, intent: Document, expanded: bool) -> Document:  # noqa: FBT001  Its callers name it.
        charge, error = intent["latest_charge"], intent["last_payment_error"]
        if error and error.get("charge") in self._decline_codes:
            error = {**error, "decline_code": self._decline_codes[error["charge"]]}
        return {
            **intent,
            "created": self._created[intent["id"]],
            "last_payment_error": error,
            "latest_charge": charge if expanded or charge is None else charge["id"],
        }

    async def _list_intents(self) -> list[Document]:
        response = await self._forward("GET", "payment_intents?limit=1000000")
        assert not isinstance(response.document, str)
        listed: list[Document] = response.document["data"]
        for each in listed:
            # It knows the machine's time, not that of the test.
            self._created.setdefault(each["id"], int(self.clock.now().timestamp()))
        return listed

    async def _forward(
        self, method: str, path: str, form: Mapping[str, str] | None = None
    ) -> StripeResponse:
        url, headers = f"{self.upstream}/v1/{path}", {"Authorization": f"Bearer {SECRET_KEY}"}
        async with self.session.request(method, url, data=form, headers=headers) as response:
            if response.status == 404:
                return error_response(404, code="resource_missing", param="intent")
            return StripeResponse(response.status, await response.json())


def _is_within(created: int, form: Mapping[str, str]) -> bool:
    since, until = (
        int(form.get(f"created[{name}]", created + plus)) for name, plus in (("gte", 0), ("lt", 1))
    )
    return since <= created < until


def error_response(
    status: int, kind: str = "invalid_request_error", **facts: str
) -> StripeResponse:
    return StripeResponse(status, {"error": {"type": kind, "message": "Not so.", **facts}})


def _response(response: StripeResponse) -> web.Response:
    return web.Response(
        status=response.status,
        body=response.body,
        headers={"Content-Type": "application/json", "Request-Id": "req_of_a_test"},
    )


def _close_connection(
    request: web.Request, response: web.StreamResponse | None = None
) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return response or web.Response()


@asynccontextmanager
async def open_stripe_rules_proxy(
    upstream: str, session: ClientSession, clock: Clock
) -> AsyncIterator[StripeRulesProxy]:
    """Stand before a server."""
    stripe_proxy = StripeRulesProxy(upstream, session, clock)
    stripe_proxy.gate.set()
    async with serving(stripe_proxy.handle) as stripe_proxy.url:
        yield stripe_proxy
        stripe_proxy.closing.set()
