"""Creates the routers of the API."""

from fastapi import APIRouter, Response

from shop.entrypoints.http.errors.http_errors import InvalidRequest
from shop.entrypoints.http.openapi.document import error_responses
from shop.entrypoints.http.requests.strict_route import StrictRoute


def api_router(
    name: str, *, prefix: str, route_class: type[StrictRoute] = StrictRoute
) -> APIRouter:
    """Return a router of strict routes that are named like their handlers."""
    return APIRouter(
        prefix=prefix,
        tags=[name],
        route_class=route_class,
        responses=error_responses(InvalidRequest),
        generate_unique_id_function=lambda route: route.name,
    )


def set_created_status(response: Response, *, is_new: bool) -> None:
    """Set status 201 for a new resource (RFC 9110, section 9.3.4), else 200."""
    response.status_code = 201 if is_new else 200
