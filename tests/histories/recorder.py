"""Records what clients ask and are answered, for a check at the end of a run."""

import json
import time
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import httpx2

from tests.histories.objects import Request

STORED_REJECTIONS = frozenset(
    "out-of-stock code-used-up insufficient-funds illegal-transition card-declined "
    "payment-expired payment-cancelled".split()
)
"""Problems that decide a request for all times, as docs/reference/problems.md says."""

TRIED_AGAIN = frozenset({"request-in-progress", "too-many-requests"})
"""Problems that decide nothing."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """One attempt of a client's: what it asked for, and what it was answered if it was."""

    client: str
    operation: str
    key: str
    """The idempotency key, or nothing."""
    asks: Mapping[str, Request]
    """What it asks of each object, by the object's name."""
    begin: int
    end: int | None
    status: int | None = None
    text: str = ""

    @property
    def is_accepted(self) -> bool:
        """Whether it was acknowledged."""
        return self.status is not None and self.status < 300

    @property
    def is_rejected(self) -> bool:
        """Whether it was rejected for all times."""
        return self.problem in STORED_REJECTIONS

    @property
    def is_decided(self) -> bool:
        """Whether the answer says what has become of it."""
        return self.is_accepted or self.is_rejected

    @property
    def is_open(self) -> bool:
        """Whether it is to be sent again, because no answer said what has become of it."""
        return self.status is None or self.status >= 500 or self.problem in TRIED_AGAIN

    @property
    def problem(self) -> str:
        """The code of the error, or nothing."""
        if self.status is None or self.is_accepted:
            return ""
        return str(self.body.get("type", "")).rpartition("/")[2]

    @cached_property
    def body(self) -> dict[str, Any]:
        """The answer, if it was a JSON object."""
        body: dict[str, Any] = json.loads(self.text) if self.text.startswith("{") else {}
        return body


class Recorder:
    """Keeps all calls of a run."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    async def record(
        self,
        response: Awaitable[httpx2.Response],
        *,
        client: str,
        operation: str,
        asks: Mapping[str, Request],
        key: str = "",
    ) -> Call:
        """Await a response, and keep the call, also if there was no response."""
        begin = time.monotonic_ns()
        end, status, text = None, None, ""
        try:
            received = await response
            end, status, text = time.monotonic_ns(), received.status_code, received.text
        except httpx2.TransportError:
            pass
        finally:
            call = Call(
                client=client,
                operation=operation,
                key=key,
                asks=asks,
                begin=begin,
                end=end,
                status=status,
                text=text,
            )
            self.calls.append(call)
        return call
