"""What the routes of every topic have in common."""

from fastapi import APIRouter, Response

from shop.entrypoints.http.errors.http_errors import InvalidRequest
from shop.entrypoints.http.openapi.document import error_responses
from shop.entrypoints.http.requests.strict_route import StrictRoute


def api_router(name: str, *, prefix: str) -> APIRouter:
    """Return a router whose routes read strictly, and are called what their handlers are."""
    return APIRouter(
        prefix=prefix,
        tags=[name],
        route_class=StrictRoute,
        responses=error_responses(InvalidRequest),
        generate_unique_id_function=lambda route: route.name,
    )


def set_created_status(response: Response, *, is_new: bool) -> None:
    """Answer 201 where what was put was not there before (RFC 9110, section 9.3.4), else 200."""
    response.status_code = 201 if is_new else 200
