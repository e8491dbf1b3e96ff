"""Errors of the gateway's HTTP API, as problem details (RFC 9457) like those of the shop."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

import structlog
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive

from shop.adapters.simulated_gateway.http.schemas import KEY_HEADER, Fault, Problem
from shop.adapters.simulated_gateway.responses import (
    KEY_REUSED,
    NOT_FOUND,
    UNKNOWN_TOKEN,
    Failed,
    NoResponse,
    SimulatedResponse,
)
from shop.application.ports.payment_gateway import Declined
from shop.application.ports.unit_of_work import DatabaseFailure

MEDIA_TYPE = "application/problem+json"
MAX_BODY_BYTES = 16_384
RESPONSE_SCHEMA = {
    "description": "The request was rejected or failed",
    "content": {MEDIA_TYPE: {"schema": Problem.model_json_schema()}},
}

_PROBLEMS: Mapping[str, tuple[int, str]] = {
    "invalid_idempotency_key": (
        400,
        "Exactly one Idempotency-Key header is required, with 1 to 255 visible ASCII characters.",
    ),
    "card_declined": (402, "The card was declined."),
    "not_found": (404, "There is no such path."),
    NOT_FOUND: (404, "There is no payment with this id."),
    "method_not_allowed": (405, "`Allow` lists the supported methods."),
    "captured": (409, "The payment is captured already."),
    "declined": (409, "The payment was declined."),
    "voided": (409, "The payment is voided."),
    "not_authorised": (409, "The payment is not authorised."),
    "not_captured": (409, "The payment is not captured."),
    "not_challenged": (409, "The payment does not wait for its customer."),
    "more_than_is_left": (409, "The amount is more than what has not been refunded yet."),
    "content_too_large": (413, f"The body must not exceed {MAX_BODY_BYTES} bytes."),
    "unsupported_media_type": (415, "The Content-Type must be application/json."),
    "invalid_request": (422, "The request is malformed; `errors` lists the faults."),
    KEY_REUSED: (422, "The Idempotency-Key was used for a different request."),
    "amount_not_positive": (422, "The amount must be at least 1."),
    "amount_differs": (422, "The amount must be the authorised amount."),
    "currency_differs": (422, "The currency must be that of the payment."),
    "internal_error": (500, "The gateway failed."),
    "unavailable": (503, "The gateway's records cannot be used; try again shortly."),
    "gateway_timeout": (504, "The request was not answered in time."),
}
"""The status and the detail of each problem, by its kind."""

_FRAMEWORK_ERRORS = {
    404: "not_found",
    405: "method_not_allowed",
    413: "content_too_large",
    415: "unsupported_media_type",
}

_UNREADABLE = Fault(pointer="", detail="The body is no JSON object.")

ValidationMessage = Callable[[Mapping[str, Any]], str]
"""Returns the rule that a value breaks, for an error of pydantic's."""

_UNKNOWN_TOKEN = Fault(pointer="/token", detail="No test card has this token.")

_log = structlog.get_logger()


class RejectedOperation(Exception):
    """The response to an operation is no success."""

    def __init__(self, response: SimulatedResponse | NoResponse) -> None:
        super().__init__(repr(response))
        self.response = response


class ProblemRoute(APIRoute):
    """Reads bodies of JSON only, up to a limit, and answers every error with a problem."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler of the route."""
        handle = super().get_route_handler()

        async def handle_or_explain(request: Request) -> Response:
            try:
                _require_plain(request)
                return await handle(Request(request.scope, _bounded(request.receive)))
            except Exception as error:  # noqa: BLE001  Every request gets a response.
                return await handle_error(request, error)

        return handle_or_explain


async def handle_error(request: Request, error: Exception) -> Response:
    """Return the problem that an exception means."""
    match error:
        case RejectedOperation(response=response):
            return _rejected(response)
        case RequestValidationError():
            return _invalid_request(error.errors(), request.app.state.validation_message)
        case HTTPException(status_code=status):
            return _framework_problem(request, status)
        case DatabaseFailure():
            _log.error("records_unusable", error=str(error.__cause__ or error))
            return _problem("unavailable", headers={"Retry-After": "1"})
        case _:
            _log.error("unexpected_error", exc_info=error)
            return _problem("internal_error")


def _problem(
    reason: str,
    *,
    kind: str | None = None,
    headers: Mapping[str, str] | None = None,
    errors: Sequence[Fault] | None = None,
) -> Response:
    """Return the problem of a kind, which is that of its reason by default."""
    status, detail = _PROBLEMS[kind or reason]
    slug = (kind or reason).replace("_", "-")
    document = Problem(
        type=f"/problems/{slug}",
        title=slug.replace("-", " ").capitalize(),
        status=status,
        detail=detail,
        reason=reason,
        errors=None if errors is None else list(errors),
    )
    content = document.model_dump_json(exclude_none=True)
    return Response(content, status, headers, media_type=MEDIA_TYPE)


def _rejected(response: SimulatedResponse | NoResponse) -> Response:
    match response:
        case Declined(reason=reason):
            return _problem(reason, kind="card_declined")
        case Failed(reason=reason) if reason == UNKNOWN_TOKEN:
            return _problem(reason, kind="invalid_request", errors=[_UNKNOWN_TOKEN])
        case _:
            return _problem(_reason(response))


def _reason(response: SimulatedResponse | NoResponse) -> str:
    if isinstance(response, NoResponse):
        return "gateway_timeout"
    return response.reason if isinstance(response, Failed) else "internal_error"


def _framework_problem(request: Request, status: int) -> Response:
    reason = _FRAMEWORK_ERRORS.get(status)
    if reason is None:
        return _problem("invalid_request", errors=[_UNREADABLE])
    headers = {"Allow": _allowed_methods(request)} if reason == "method_not_allowed" else None
    return _problem(reason, headers=headers)


def _invalid_request(errors: Sequence[Any], explain: ValidationMessage) -> Response:
    if any(error["loc"] == ("header", KEY_HEADER) for error in errors):
        return _problem("invalid_idempotency_key")
    return _problem("invalid_request", errors=[_fault(error, explain) for error in errors])


def _fault(error: Any, explain: ValidationMessage) -> Fault:  # noqa: ANN401  What pydantic reports has no type.
    source, *path = error["loc"]
    if error["type"] == "json_invalid" or (source == "body" and not path):
        return _UNREADABLE
    steps = path if source == "body" else [source, *path]
    pointer = "".join(f"/{step}" for step in steps)
    return Fault(pointer=pointer, detail=f"{explain(error)}.")


def _require_plain(request: Request) -> None:
    """Raise an error for two idempotency keys, and for a body that is not declared as JSON."""
    if len(request.headers.getlist(KEY_HEADER)) > 1:
        raise RejectedOperation(Failed(reason="invalid_idempotency_key"))
    # A page of another site cannot make a browser send JSON without asking first.
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method == "POST" and media_type != "application/json":
        raise HTTPException(415)


def _bounded(receive: Receive) -> Receive:
    size = 0

    async def receive_some() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > MAX_BODY_BYTES:
            # FastAPI turns any other exception into a body that cannot be read.
            raise HTTPException(413)
        return message

    return receive_some


def _allowed_methods(request: Request) -> str:
    path = request.scope["path"]
    routes = [each for each in request.app.routes if isinstance(each, APIRoute)]
    methods = [each.methods or set() for each in routes if each.path_regex.match(path)]
    return ", ".join(sorted(set().union(*methods)))
