"""The OpenAPI document: every request, every answer, and every refusal with a true example."""

from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic_core import to_jsonable_python

from shop.application.idempotency import IdempotencyKeyReused
from shop.application.ports.idempotency import RequestInProgress
from shop.domain.errors import ShopError
from shop.domain.session import NotSignedIn, SessionConflict, SessionExpired, SessionTooLarge
from shop.domain.user import Forbidden
from shop.entrypoints.http.cookie import SessionCookie
from shop.entrypoints.http.examples import example_of
from shop.entrypoints.http.keys import HEADER, PATTERN
from shop.entrypoints.http.middleware.cross_site import SAFE_METHODS
from shop.entrypoints.http.problems import MEDIA_TYPE, explanation_of, kind_of, problem
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
_TO_UNSAFE = (CrossSite, UnsupportedMediaType, Unavailable, OutcomeUnknown)

_SCHEMA = {"$ref": "#/components/schemas/Problem"}
_SECURITY_SCHEME = "session"

KEY_PARAMETER = {
    "parameters": [
        {
            "name": HEADER,
            "in": "header",
            "required": True,
            "description": "Says that two requests are one: 8 to 255 visible ASCII characters, "
            "quoted or not.",
            "schema": {"type": "string", "pattern": PATTERN},
            "example": "1f0c9a52-6c1e-4b8f-9a36-0d7f3c2b1a09",
        }
    ]
}
"""What an operation under an idempotency key adds to its description."""


def refuses(*errors: type[ShopError]) -> Responses:
    """Describe the refusals of an operation that are not those of all operations."""
    responses: Responses = {}
    for error in dict.fromkeys(errors):
        response = responses.setdefault(kind_of(error).status, _response())
        _add_example(response, error)
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
    for item in document["paths"].values():
        for method, operation in item.items():
            _complete(operation, is_safe=method.upper() in SAFE_METHODS)
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


def _complete(operation: Document, *, is_safe: bool) -> None:
    """Add to an operation what is true of all."""
    responses = operation["responses"]
    for error in (*_TO_ALL, *(() if is_safe else _TO_UNSAFE)):
        _add_example(responses.setdefault(str(kind_of(error).status), _response()), error)
    operation["responses"] = dict(sorted(responses.items()))
    for response in responses.values():
        response.setdefault("headers", {})["X-Request-ID"] = _header("The request's id in the log.")
    if _tells_of(responses, NotSignedIn):
        operation["security"] = [{_SECURITY_SCHEME: []}]
    elif _tells_of(responses, SessionExpired):
        operation["security"] = [{_SECURITY_SCHEME: []}, {}]
    if _tells_of(responses, InvalidIdempotencyKey):
        for response in responses.values():
            response["headers"]["Idempotent-Replayed"] = _header(
                "`true` where this is the answer to an earlier request under the same key.",
                required=False,
            )


def _response() -> Document:
    return {"description": "", "content": {MEDIA_TYPE: {"schema": _SCHEMA, "examples": {}}}}


def _add_example(response: Document, error: type[ShopError]) -> None:
    example = example_of(error)
    told = response["content"][MEDIA_TYPE]["examples"]
    told[example.slug] = {
        "summary": explanation_of(error),
        "value": to_jsonable_python(problem(example)),
    }
    response["description"] = ", ".join(f"`{slug}`" for slug in told)
    for name, value in kind_of(error).headers.items():
        header = _header(f"With `{example.slug}`: `{value}`.", required=False)
        response.setdefault("headers", {})[name] = header


def _tells_of(responses: Document, error: type[ShopError]) -> bool:
    response = responses.get(str(kind_of(error).status), {})
    examples: Iterable[str] = response.get("content", {}).get(MEDIA_TYPE, {}).get("examples", {})
    return example_of(error).slug in examples


def _header(description: str, *, required: bool = True) -> Document:
    return {"description": description, "required": required, "schema": {"type": "string"}}
