"""Builds the OpenAPI document, with a real example of each response and error."""

import inspect
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic_core import to_jsonable_python

from shop.application.idempotency.results import IdempotencyKeyReused
from shop.application.ports.repositories.idempotency_keys import RequestInProgress
from shop.domain.session import NotSignedIn, SessionConflict, SessionExpired, SessionTooLarge
from shop.domain.shared.errors import ShopError
from shop.domain.user import Forbidden
from shop.entrypoints.http.dependencies import authenticate, authenticate_on_demand
from shop.entrypoints.http.errors.http_errors import (
    ContentTooLarge,
    CrossSiteRequest,
    HeadTooLarge,
    HttpsRequired,
    InternalError,
    InvalidIdempotencyKey,
    InvalidRequest,
    MalformedHttp,
    RequestOutcomeUnknown,
    RequestTimeout,
    ServiceUnavailable,
    UnknownHost,
    UnsupportedCharset,
    UnsupportedEncoding,
    UnsupportedMediaType,
)
from shop.entrypoints.http.errors.problem_details import (
    MEDIA_TYPE,
    explanation_of,
    headers_of,
    problem,
    problem_type_of,
)
from shop.entrypoints.http.errors.schemas import Problem
from shop.entrypoints.http.middleware.content_type import JSON
from shop.entrypoints.http.middleware.cross_site import SAFE_METHODS
from shop.entrypoints.http.middleware.host_names import PROBES
from shop.entrypoints.http.openapi.error_examples import example_of, example_with_slug, examples
from shop.entrypoints.http.openapi.message_examples import REQUESTS, RESPONSES
from shop.entrypoints.http.requests.idempotency_key import HEADER, PATTERN
from shop.entrypoints.http.schemas import ResponseBody
from shop.entrypoints.http.session.cookie import SessionCookie
from shop.entrypoints.http.session.response_context import CLEAR_SITE_DATA

Document = dict[str, Any]
Responses = dict[int | str, Document]

# Authentication can write the session: its last use, or a renewed token.
SESSION_ERRORS = (SessionExpired, ServiceUnavailable, RequestOutcomeUnknown)
SIGNED_IN_ERRORS = (NotSignedIn, *SESSION_ERRORS)
ADMIN_ERRORS = (Forbidden, *SIGNED_IN_ERRORS)
SESSION_WRITE_ERRORS = (SessionConflict, SessionTooLarge)
IDEMPOTENCY_ERRORS = (InvalidIdempotencyKey, IdempotencyKeyReused, RequestInProgress)

_ADDRESS_ERRORS = (UnknownHost, HttpsRequired)
"""Every operation has these, except the health checks."""
_WIRE_ERRORS = (MalformedHttp, RequestTimeout, HeadTooLarge)
_COMMON_ERRORS = (InvalidRequest, ContentTooLarge, InternalError, *_WIRE_ERRORS)
_BODY_ERRORS = (UnsupportedEncoding, UnsupportedCharset)
_UNSAFE_METHOD_ERRORS = (
    CrossSiteRequest,
    ServiceUnavailable,
    RequestOutcomeUnknown,
    *_BODY_ERRORS,
)
_ERRORS_BEFORE_AUTHENTICATION = (
    *_ADDRESS_ERRORS,
    CrossSiteRequest,
    ContentTooLarge,
    UnsupportedMediaType,
    *_BODY_ERRORS,
    *_WIRE_ERRORS,
)
"""These errors are raised before the session is read."""

PENDING_DESCRIPTION = "Pending: the card payment has no outcome yet."

_SCHEMA = {"$ref": "#/components/schemas/Problem"}
_SECURITY_SCHEME = "session"


def _header(description: str, *, required: bool = True) -> Document:
    return {"description": description, "required": required, "schema": {"type": "string"}}


OPTIONAL_SESSION: Document = {"security": [{_SECURITY_SCHEME: []}, {}]}
"""The security of an operation that shows more to some users."""

CLEARS_THE_SITE = {
    "headers": {
        "Set-Cookie": _header("Clears the session cookie."),
        "Clear-Site-Data": _header(
            f"`{CLEAR_SITE_DATA}`: the browser deletes all data of this site."
        ),
    }
}
"""The headers of a successful sign-out."""


def idempotency_key_header(example: str, *, required: bool = True) -> Document:
    """Describe the idempotency key of an operation.

    Each operation has its own example, because a key cannot be used for two operations.
    """
    parameter = {
        "name": HEADER,
        "in": "header",
        "required": required,
        "description": "Identifies repetitions of one request: 8 to 255 visible ASCII characters, "
        "quoted or not.",
        "schema": {"type": "string", "pattern": PATTERN},
        "example": example,
    }
    return {"parameters": [parameter]}


def pending(model: type[ResponseBody]) -> Responses:
    """Describe the response while a card payment has no outcome."""
    return {
        HTTPStatus.ACCEPTED.value: {
            "model": model,
            "description": PENDING_DESCRIPTION,
            "headers": {
                "Location": _header("Where to read the outcome."),
                "Retry-After": _header("The seconds after which to read it."),
            },
        }
    }


def error_responses(*errors: type[ShopError]) -> Responses:
    """Describe the errors of an operation, without those of all operations."""
    responses: Responses = {}
    for error in dict.fromkeys(errors):
        response = responses.setdefault(problem_type_of(error).status, _response())
        _add_example(response, example_of(error))
    return responses


def openapi_document(app: FastAPI, cookie: SessionCookie) -> Document:
    """Return the OpenAPI document of an app."""
    document = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    components = document.setdefault("components", {})
    components["securitySchemes"] = {
        _SECURITY_SCHEME: {"type": "apiKey", "in": "cookie", "name": cookie.name}
    }
    components["schemas"] |= _problem_schemas()
    for route in app.routes:
        if isinstance(route, APIRoute) and route.include_in_schema:
            for method in route.methods or ():
                operation = document["paths"][route.path_format][method.lower()]
                _add_message_examples(operation, route)
                _add_common_responses(
                    operation, is_safe=method in SAFE_METHODS, is_probe=route.path in PROBES
                )
                _add_headers(operation["responses"], authenticates=_authenticates(route.dependant))
    result: Document = _with_whole_numbers(document)
    return result


def _with_whole_numbers(value: Any) -> Any:  # noqa: ANN401  JSON is anything.
    """Replace floats like 1.0 by integers: FastAPI makes integers' bounds floats."""
    match value:
        case dict():
            return {name: _with_whole_numbers(member) for name, member in value.items()}
        case list():
            return [_with_whole_numbers(member) for member in value]
        case float() if value.is_integer():
            return int(value)
        case _:
            return value


def _problem_schemas() -> Document:
    schema = Problem.model_json_schema(
        mode="serialization", ref_template="#/components/schemas/{model}"
    )
    types = sorted(f"/problems/{each.code}" for each in examples())
    schema["properties"]["type"]["enum"] = list(dict.fromkeys(types))
    return {**schema.pop("$defs"), "Problem": schema}


def _add_message_examples(operation: Document, route: APIRoute) -> None:
    """Add examples of an operation's request and responses; describe the responses."""
    for media in operation.get("requestBody", {}).get("content", {}).values():
        media["example"] = REQUESTS[route.name]
    for (name, status), example in RESPONSES.items():
        if name == route.name:
            response = operation["responses"][str(status)]
            response["content"][JSON]["example"] = example
            if status == (route.status_code or 200):
                response["description"] = inspect.getdoc(route.response_model)


def _add_common_responses(operation: Document, *, is_safe: bool, is_probe: bool) -> None:
    """Add the errors and the security that follow from an operation's other errors."""
    responses = operation["responses"]
    examples = [
        example_of(error)
        for error in (
            *_COMMON_ERRORS,
            *(() if is_probe else _ADDRESS_ERRORS),
            *(() if is_safe else _UNSAFE_METHOD_ERRORS),
        )
    ]
    if not is_safe:
        accept = tuple(operation.get("requestBody", {}).get("content", ())) or (JSON,)
        examples.append(UnsupportedMediaType(accept=accept))
    for example in examples:
        status = str(problem_type_of(type(example)).status)
        _add_example(responses.setdefault(status, _response()), example)
    operation["responses"] = dict(sorted(responses.items()))
    if _documents(responses, NotSignedIn):
        operation.setdefault("security", [{_SECURITY_SCHEME: []}])
    elif _documents(responses, SessionExpired):
        operation.setdefault("security", OPTIONAL_SESSION["security"])


def _add_headers(responses: Document, *, authenticates: bool) -> None:
    """Describe the headers that successes and errors share."""
    is_keyed = _documents(responses, InvalidIdempotencyKey)
    writes_session = _documents(responses, SessionConflict)
    for response in responses.values():
        errors = _documented_errors(response)
        headers = response.setdefault("headers", {})
        headers["X-Request-ID"] = _header("The request's id in the log.")
        if is_keyed and (not errors or any(error.is_final for error in errors)):
            headers["Idempotent-Replayed"] = _header(
                "`true` if the response repeats that of an earlier request with the same key.",
                required=False,
            )
        if _may_set_cookie(errors, authenticates=authenticates, writes_session=writes_session):
            headers["Set-Cookie"] = _header(
                "The session cookie: a new token, or none if the session has ended.",
                required=False,
            )


def _may_set_cookie(
    errors: Sequence[ShopError], *, authenticates: bool, writes_session: bool
) -> bool:
    if not errors:
        return authenticates or writes_session
    if authenticates:
        return any(type(error) not in _ERRORS_BEFORE_AUTHENTICATION for error in errors)
    return any(isinstance(error, SessionExpired) for error in errors)


def _authenticates(dependant: Dependant) -> bool:
    return any(
        each.call in {authenticate, authenticate_on_demand} or _authenticates(each)
        for each in dependant.dependencies
    )


def _response() -> Document:
    return {"description": "", "content": {MEDIA_TYPE: {"schema": _SCHEMA, "examples": {}}}}


def _add_example(response: Document, error: ShopError) -> None:
    examples = response["content"][MEDIA_TYPE]["examples"]
    if error.code in examples:
        return
    examples[error.code] = {
        "summary": explanation_of(type(error)),
        "value": to_jsonable_python(problem(error)),
    }
    response["description"] = ", ".join(f"`{slug}`" for slug in examples)
    for name, value in headers_of(error).items():
        headers = response.setdefault("headers", {})
        header = headers.setdefault(name, _header(f"`{value}`", required=False))
        header["description"] += f", with `{error.code}`"


def _documented_errors(response: Document) -> Sequence[ShopError]:
    """Return an example of each error of a response; a success has none."""
    examples: Iterable[str] = response.get("content", {}).get(MEDIA_TYPE, {}).get("examples", {})
    return [example_with_slug(slug) for slug in examples]


def _documents(responses: Document, error: type[ShopError]) -> bool:
    response = responses.get(str(problem_type_of(error).status), {})
    return any(type(documented) is error for documented in _documented_errors(response))
