"""Dependencies of routes that read orders: who asks, by a session or by the link of a letter."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from pydantic import Field, TypeAdapter, ValidationError

from shop.application.notifications.order_links import LinkBearer
from shop.application.orders.queries import LookedUpOrder, OrderReader
from shop.domain.orders.order import OrderNotFound
from shop.entrypoints.container import Container
from shop.entrypoints.http.dependencies import (
    Principal,
    authenticate,
    session_token,
)

_ORDER_ID = TypeAdapter(UUID)
_MAX_TOKEN_CHARACTERS = 1_000


def _buyer(principal: Annotated[Principal, Depends(authenticate)]) -> Principal:
    _ = principal.buyer
    return principal


BuyerOfSession = Annotated[Principal, Depends(_buyer)]
"""The session of a signed-in user, or of a guest who has ordered in it."""

LinkToken = Annotated[
    str | None,
    Field(
        max_length=_MAX_TOKEN_CHARACTERS,
        examples=["AAAAAGt60cBQ2FjgmF7Mf2BBiq8MxatYf0LCVwqIQJWp6Mys0PZUXA"],
        description="The token of a link in a letter; with it, the session does not matter.",
    ),
]


async def _order_of_path(request: Request) -> LookedUpOrder:
    """Return the order of the path as its reader may see it.

    A link says all: the session is neither asked for nor used. Raise `NotSignedIn` before the order
    is missed, and before the route rejects its id.
    """
    container: Container = request.app.state.container
    order_id, bearer = _id_of_path(request), _bearer(request)
    if bearer is not None:
        view = await container.order_queries().show(bearer, bearer.order_id)
        return LookedUpOrder(current_session=None, visible=view)
    if order_id is None:
        principal = await authenticate(request)
        found = LookedUpOrder(current_session=principal.current_session, visible=None)
    else:
        found = await container.order_queries().look_up(session_token(request), order_id)
        request.scope["state"]["response_context"].update_session(found.current_session)
    found.require_buyer()
    return found


async def _reader_of_path(request: Request) -> OrderReader:
    """Return who asks for what belongs to the order of the path."""
    bearer = _bearer(request)
    return (await authenticate(request)).buyer if bearer is None else bearer


def _bearer(request: Request) -> LinkBearer | None:
    """Return the bearer of a link; raise `OrderNotFound` for a token that is not this order's."""
    token = request.query_params.get("token") if request.scope["query_string"] else None
    if token is None:
        return None
    order_id = _id_of_path(request)
    if order_id is None:
        raise OrderNotFound
    container: Container = request.app.state.container
    return container.order_links().open(order_id, token)


def _id_of_path(request: Request) -> UUID | None:
    try:
        return _ORDER_ID.validate_python(request.path_params["order_id"])
    except ValidationError:
        return None


OrderOfPath = Annotated[LookedUpOrder, Depends(_order_of_path)]
"""The order that the path names, for a buyer or the bearer of a link."""
ReaderOfPath = Annotated[OrderReader, Depends(_reader_of_path)]
"""A buyer, or the bearer of a link to the order that the path names."""
