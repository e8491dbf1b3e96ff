"""What `localstripe` lacks, put before it: Stripe's keys, rules, order and failures.

It captures, cancels and refunds whatever it is told to, knows no idempotency keys, lists in an
order of its own, and never fails. The front does as Stripe's documents say.
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
from tests.contract.serving import serving

SECRET_KEY = "sk_test_of_nobody"
LARGEST_PAGE = 100
LEAST_AMOUNT = 50

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
    """What can happen to a request: DROPPED before it is heard, all else once it was done."""

    DROPPED = auto()
    UNANSWERED = auto()
    REPLY_LOST = auto()
    REPLY_CUT_SHORT = auto()
    REPLIED_500 = auto()


FAULTS = {
    "tok_timeout_before": Fault.DROPPED,
    "tok_timeout_after": Fault.REPLY_LOST,
    "tok_error": Fault.REPLIED_500,
}
"""What happens to the first request under a key, by token."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    document: Document | str

    @property
    def body(self) -> bytes:
        said = self.document if isinstance(self.document, str) else json.dumps(self.document)
        return said.encode()


@dataclass(frozen=True, slots=True)
class Asked:
    method: str
    path: str
    key: str | None
    form: Mapping[str, str]


@dataclass(slots=True)
class Remembered:
    """What a key was used for, and what was answered, once it was."""

    asked: Asked
    since: datetime
    answer: Answer | None = None


@dataclass(slots=True)
class StripeFront:
    """Meets each request, or each of the method `at_fault`, with the next of the `faults`.

    Without one it answers; what changes something only once the `gate` is open.
    """

    upstream: str
    session: ClientSession
    clock: Clock
    url: str = ""
    faults: deque[Fault | Answer] = field(default_factory=deque)
    at_fault: str | None = None
    asked: list[Asked] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    largest_page: int = LARGEST_PAGE
    key_memory: timedelta = timedelta(days=1)
    _heard: set[str | None] = field(default_factory=set)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _keys: dict[str, Remembered] = field(default_factory=dict)
    _created: dict[str, int] = field(default_factory=dict)
    _decline_codes: dict[str, str] = field(default_factory=dict)

    async def meet(self, request: web.Request) -> web.StreamResponse:
        form = request.query if request.method == "GET" else await request.post()
        asked = Asked(
            request.method,
            request.path.removeprefix("/v1/"),
            request.headers.get("Idempotency-Key"),
            {name: str(value) for name, value in form.items()},
        )
        self.asked.append(asked)
        fault = self._fault(asked)
        match fault:
            case Answer():
                return _response(fault)
            case Fault.DROPPED:
                return _cut(request)
        answer = await self._answer(asked)
        match fault:
            case Fault.UNANSWERED:
                await self.closing.wait()
            case Fault.REPLY_LOST:
                return _cut(request)
            case Fault.REPLY_CUT_SHORT:
                response = web.StreamResponse(headers={"Content-Length": str(len(answer.body))})
                await response.prepare(request)
                await response.write(answer.body[:-1])
                return _cut(request, response)
            case Fault.REPLIED_500:
                answer = an_error(500, "api_error")
                self._remember(asked, answer)
        return _response(answer)

    def _fault(self, asked: Asked) -> Fault | Answer | None:
        if self.faults and self.at_fault in {None, asked.method}:
            return self.faults.popleft()
        if asked.key in self._heard:
            return None
        self._heard.add(asked.key)
        return FAULTS.get(asked.form.get("payment_method", ""))

    async def _answer(self, asked: Asked) -> Answer:
        if asked.method == "GET":
            return await self._get(asked)
        assert asked.key is not None
        remembered = self._keys.setdefault(asked.key, Remembered(asked, self.clock.now()))
        if self.clock.now() - remembered.since >= self.key_memory:
            remembered = self._keys[asked.key] = Remembered(asked, self.clock.now())
        if remembered.asked != asked:
            return an_error(400, "idempotency_error")
        if remembered.answer is None and remembered.asked is not asked:
            return an_error(409, code="idempotency_key_in_use")
        if remembered.answer is None:
            self.arrived.set()
            await self.gate.wait()
            async with self._turn:
                self._remember(asked, await self._change(asked))
        answer = remembered.answer
        assert answer is not None
        return answer

    def _remember(self, asked: Asked, answer: Answer) -> None:
        assert asked.key is not None
        self._keys[asked.key].answer = answer

    async def _get(self, asked: Asked) -> Answer:
        expanded = [value for name, value in asked.form.items() if name.startswith("expand")]
        if asked.path != "payment_intents":
            return await self.see(asked.path, "latest_charge" in expanded)
        limit = int(asked.form.get("limit", "10"))
        if limit > LARGEST_PAGE:
            return an_error(400, param="limit")
        listed = [
            self._finished(each, "data.latest_charge" in expanded)
            for each in reversed(await self._intents())
            if _is_within(self._created[each["id"]], asked.form)
        ]
        last = asked.form.get("starting_after")
        ids = [each["id"] for each in listed]
        rest = listed[ids.index(last) + 1 :] if last else listed
        size = min(limit, self.largest_page)
        page = {"object": "list", "url": "/v1/payment_intents", "data": rest[:size]}
        return Answer(200, {**page, "has_more": len(rest) > size})

    async def see(self, path: str, expanded: bool) -> Answer:  # noqa: FBT001  As above.
        answer = await self._ask("GET", path)
        if isinstance(answer.document, str) or answer.status != 200:
            return answer
        return Answer(200, self._finished(answer.document, expanded))

    async def _change(self, asked: Asked) -> Answer:
        if asked.path == "payment_intents":
            return await self._make(asked.form)
        if asked.path == "refunds":
            return await self._refund(asked.form)
        _, intent_id, deed = asked.path.split("/")
        intent = await self._ask("GET", f"payment_intents/{intent_id}")
        if intent.status != 200 or isinstance(intent.document, str):
            return intent
        open_to = {
            "capture": {"requires_capture"},
            "cancel": {"requires_capture", "requires_action", "requires_payment_method"},
        }
        if intent.document["status"] not in open_to[deed]:
            return an_error(400, code="payment_intent_unexpected_state")
        if int(asked.form.get("amount_to_capture", "0")) > intent.document["amount"]:
            return an_error(400, code="amount_too_large", param="amount_to_capture")
        return await self._ask("POST", asked.path, asked.form)

    async def _make(self, form: Mapping[str, str]) -> Answer:
        if int(form["amount"]) < LEAST_AMOUNT:
            return an_error(400, code="amount_too_small", param="amount")
        if form["payment_method"] not in CARDS:
            return an_error(400, code="resource_missing", param="payment_method")
        number, decline_code = CARDS[form["payment_method"]]
        known = {
            name: value
            for name, value in form.items()
            if not name.startswith(("automatic_payment_methods", "use_stripe_sdk"))
        }
        answer = await self._ask(
            "POST", "payment_intents", {**known, "payment_method": await self._card(number)}
        )
        await self._intents()
        if answer.status == 402 and decline_code and not isinstance(answer.document, str):
            error = answer.document["error"]
            self._decline_codes[error["charge"]] = decline_code
            return Answer(402, {"error": {**error, "decline_code": decline_code}})
        return answer

    async def _card(self, number: str) -> str:
        card = {"number": number, "exp_month": "12", "exp_year": "2030", "cvc": "123"}
        form = {f"card[{name}]": value for name, value in card.items()}
        answer = await self._ask("POST", "payment_methods", {"type": "card", **form})
        assert not isinstance(answer.document, str)
        return str(answer.document["id"])

    async def _refund(self, form: Mapping[str, str]) -> Answer:
        intent = await self._ask("GET", f"payment_intents/{form['payment_intent']}")
        assert not isinstance(intent.document, str)
        charge = intent.document["latest_charge"]
        if int(form["amount"]) <= 0:
            return an_error(400, code="parameter_invalid_integer", param="amount")
        if int(form["amount"]) > charge["amount"] - charge["amount_refunded"]:
            return an_error(400, code="charge_already_refunded")
        return await self._ask("POST", "refunds", form)

    def _finished(self, intent: Document, expanded: bool) -> Document:  # noqa: FBT001  It is told.
        charge, error = intent["latest_charge"], intent["last_payment_error"]
        if error and error.get("charge") in self._decline_codes:
            error = {**error, "decline_code": self._decline_codes[error["charge"]]}
        return {
            **intent,
            "created": self._created[intent["id"]],
            "last_payment_error": error,
            "latest_charge": charge if expanded or charge is None else charge["id"],
        }

    async def _intents(self) -> list[Document]:
        answer = await self._ask("GET", "payment_intents?limit=1000000")
        assert not isinstance(answer.document, str)
        listed: list[Document] = answer.document["data"]
        for each in listed:
            # It knows the machine's time, not that of the test.
            self._created.setdefault(each["id"], int(self.clock.now().timestamp()))
        return listed

    async def _ask(self, method: str, path: str, form: Mapping[str, str] | None = None) -> Answer:
        url, headers = f"{self.upstream}/v1/{path}", {"Authorization": f"Bearer {SECRET_KEY}"}
        async with self.session.request(method, url, data=form, headers=headers) as response:
            if response.status == 404:
                return an_error(404, code="resource_missing", param="intent")
            return Answer(response.status, await response.json())


def _is_within(created: int, form: Mapping[str, str]) -> bool:
    since, until = (
        int(form.get(f"created[{name}]", created + plus)) for name, plus in (("gte", 0), ("lt", 1))
    )
    return since <= created < until


def an_error(status: int, kind: str = "invalid_request_error", **facts: str) -> Answer:
    return Answer(status, {"error": {"type": kind, "message": "Not so.", **facts}})


def _response(answer: Answer) -> web.Response:
    return web.Response(
        status=answer.status,
        body=answer.body,
        headers={"Content-Type": "application/json", "Request-Id": "req_of_a_test"},
    )


def _cut(request: web.Request, response: web.StreamResponse | None = None) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return response or web.Response()


@asynccontextmanager
async def a_front(
    upstream: str, session: ClientSession, clock: Clock
) -> AsyncIterator[StripeFront]:
    """Stand before a server."""
    front = StripeFront(upstream, session, clock)
    front.gate.set()
    async with serving(front.meet) as front.url:
        yield front
        front.closing.set()
