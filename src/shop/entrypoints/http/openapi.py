"""The OpenAPI document: every request, every answer, and every refusal with a true example."""

import inspect
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic_core import to_jsonable_python

from shop.application.idempotency import IdempotencyKeyReused
from shop.application.ports.idempotency import RequestInProgress
from shop.domain.errors import ShopError
from shop.domain.session import NotSignedIn, SessionConflict, SessionExpired, SessionTooLarge
from shop.domain.user import Forbidden
from shop.entrypoints.http.cookie import SessionCookie
from shop.entrypoints.http.dependencies import enter
from shop.entrypoints.http.example_messages import ANSWERS, REQUESTS
from shop.entrypoints.http.examples import example_of, example_with_slug
from shop.entrypoints.http.exchange import CLEAR_SITE_DATA
from shop.entrypoints.http.keys import HEADER, PATTERN
from shop.entrypoints.http.middleware.content_type import JSON
from shop.entrypoints.http.middleware.cross_site import SAFE_METHODS
from shop.entrypoints.http.problems import (
    MEDIA_TYPE,
    explanation_of,
    headers_of,
    kind_of,
    problem,
)
from shop.entrypoints.http.refusals import (
    ContentTooLarge,
    CrossSite,
    InternalError,
    InvalidIdempotencyKey,
    InvalidRequest,
    OutcomeUnknown,
    Unavailable,
    UnsupportedMediaType,
)
from shop.entrypoints.http.schemas.base import Answer
from shop.entrypoints.http.schemas.operations import Problem

Document = dict[str, Any]
Responses = dict[int | str, Document]

# Whoever is let in may have the use of their session written down, or their token renewed.
TO_VISITORS = (SessionExpired, Unavailable, OutcomeUnknown)
TO_SIGNED_IN = (NotSignedIn, *TO_VISITORS)
TO_ADMINS = (Forbidden, *TO_SIGNED_IN)
TO_CHANGE_SESSIONS = (SessionConflict, SessionTooLarge)
UNDER_KEY = (InvalidIdempotencyKey, IdempotencyKeyReused, RequestInProgress)

_TO_ALL = (InvalidRequest, ContentTooLarge, InternalError)
_TO_UNSAFE = (CrossSite, Unavailable, OutcomeUnknown)
_BEFORE_ENTERING = (CrossSite, ContentTooLarge, UnsupportedMediaType)
"""What is refused before anybody asks whose the session is."""

PENDING = "Begun, and not ended: the card's answer is not known yet."

_SCHEMA = {"$ref": "#/components/schemas/Problem"}
_SECURITY_SCHEME = "session"


def _header(description: str, *, required: bool = True) -> Document:
    return {"description": description, "required": required, "schema": {"type": "string"}}


CLEARS_THE_SITE = {
    "headers": {
        "Set-Cookie": _header("Clears the session's cookie."),
        "Clear-Site-Data": _header(f"`{CLEAR_SITE_DATA}`: all that the browser keeps of here."),
    }
}
"""What an operation that ends everything adds to its success."""


def takes_key(example: str) -> Document:
    """Describe the idempotency key of an operation.

    Each has an example of its own: under the same one, the next operation would be refused.
    """
    parameter = {
        "name": HEADER,
        "in": "header",
        "required": True,
        "description": "Says that two requests are one: 8 to 255 visible ASCII characters, "
        "quoted or not.",
        "schema": {"type": "string", "pattern": PATTERN},
        "example": example,
    }
    return {"parameters": [parameter]}


def pending(model: type[Answer]) -> Responses:
    """Describe the answer of an operation while a card's answer is not known."""
    return {HTTPStatus.ACCEPTED.value: {"model": model, "description": PENDING}}


def refuses(*errors: type[ShopError]) -> Responses:
    """Describe the refusals of an operation that are not those of all operations."""
    responses: Responses = {}
    for error in dict.fromkeys(errors):
        response = responses.setdefault(kind_of(error).status, _response())
        _add_example(response, example_of(error))
    return responses


def openapi_document(app: FastAPI, cookie: SessionCookie) -> Document:
    """Return the document of an app."""
    document = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    components = document.setdefault("components", {})
    components["securitySchemes"] = {
        _SECURITY_SCHEME: {"type": "apiKey", "in": "cookie", "name": cookie.name}
    }
    components["schemas"] |= _schemas_of_problems()
    for route in app.routes:
        if isinstance(route, APIRoute) and route.include_in_schema:
            for method in route.methods or ():
                operation = document["paths"][route.path_format][method.lower()]
                _add_messages(operation, route)
                _complete(operation, is_safe=method in SAFE_METHODS)
                _add_headers(operation["responses"], enters=_enters(route.dependant))
    whole: Document = _with_whole_numbers(document)
    return whole


def _with_whole_numbers(value: Any) -> Any:  # noqa: ANN401  JSON is anything.
    """Return the same with 1 for 1.0: FastAPI makes floats of what bounds an integer."""
    match value:
        case dict():
            return {name: _with_whole_numbers(member) for name, member in value.items()}
        case list():
            return [_with_whole_numbers(member) for member in value]
        case float() if value.is_integer():
            return int(value)
        case _:
            return value


def _schemas_of_problems() -> Document:
    schema = Problem.model_json_schema(
        mode="serialization", ref_template="#/components/schemas/{model}"
    )
    return {**schema.pop("$defs"), "Problem": schema}


def _add_messages(operation: Document, route: APIRoute) -> None:
    """Show what may be asked and what is answered; say what the answer is."""
    for media in operation.get("requestBody", {}).get("content", {}).values():
        media["example"] = REQUESTS[route.name]
    for (name, status), example in ANSWERS.items():
        if name == route.name:
            response = operation["responses"][str(status)]
            response["content"][JSON]["example"] = example
            if status == (route.status_code or 200):
                response["description"] = inspect.getdoc(route.response_model)


def _complete(operation: Document, *, is_safe: bool) -> None:
    """Add to an operation what is true of all."""
    responses = operation["responses"]
    examples = [example_of(error) for error in (*_TO_ALL, *(() if is_safe else _TO_UNSAFE))]
    if not is_safe:
        accept = tuple(operation.get("requestBody", {}).get("content", ())) or (JSON,)
        examples.append(UnsupportedMediaType(accept=accept))
    for example in examples:
        status = str(kind_of(type(example)).status)
        _add_example(responses.setdefault(status, _response()), example)
    operation["responses"] = dict(sorted(responses.items()))
    if _tells_of(responses, NotSignedIn):
        operation["security"] = [{_SECURITY_SCHEME: []}]
    elif _tells_of(responses, SessionExpired):
        operation["security"] = [{_SECURITY_SCHEME: []}, {}]


def _add_headers(responses: Document, *, enters: bool) -> None:
    """Tell of the headers that go out with successes and refusals alike."""
    is_keyed = _tells_of(responses, InvalidIdempotencyKey)
    saves = _tells_of(responses, SessionConflict)
    for response in responses.values():
        told = _told(response)
        headers = response.setdefault("headers", {})
        headers["X-Request-ID"] = _header("The request's id in the log.")
        if is_keyed and (not told or any(error.is_final for error in told)):
            headers["Idempotent-Replayed"] = _header(
                "`true` where this is the answer to an earlier request under the same key.",
                required=False,
            )
        if _may_set_cookie(told, enters=enters, saves=saves):
            headers["Set-Cookie"] = _header(
                "The session's cookie: another one to hold from now on, or none where it is over.",
                required=False,
            )


def _may_set_cookie(told: Sequence[ShopError], *, enters: bool, saves: bool) -> bool:
    if not told:
        return enters or saves
    if enters:
        return any(type(error) not in _BEFORE_ENTERING for error in told)
    return any(isinstance(error, SessionExpired) for error in told)


def _enters(dependant: Dependant) -> bool:
    return any(each.call is enter or _enters(each) for each in dependant.dependencies)


def _response() -> Document:
    return {"description": "", "content": {MEDIA_TYPE: {"schema": _SCHEMA, "examples": {}}}}


def _add_example(response: Document, error: ShopError) -> None:
    told = response["content"][MEDIA_TYPE]["examples"]
    if error.code in told:
        return
    told[error.code] = {
        "summary": explanation_of(type(error)),
        "value": to_jsonable_python(problem(error)),
    }
    response["description"] = ", ".join(f"`{slug}`" for slug in told)
    for name, value in headers_of(error).items():
        headers = response.setdefault("headers", {})
        header = headers.setdefault(name, _header(f"`{value}`", required=False))
        header["description"] += f", with `{error.code}`"


def _told(response: Document) -> Sequence[ShopError]:
    """Return an example of each error that a response tells of; a success tells of none."""
    examples: Iterable[str] = response.get("content", {}).get(MEDIA_TYPE, {}).get("examples", {})
    return [example_with_slug(slug) for slug in examples]


def _tells_of(responses: Document, error: type[ShopError]) -> bool:
    response = responses.get(str(kind_of(error).status), {})
    return any(type(told) is error for told in _told(response))
