"""Webhooks: events that the payment gateway sends by itself."""

from fastapi import Request

from shop.entrypoints.http.api.router import api_router
from shop.entrypoints.http.dependencies import HandleGatewayEventsDependency
from shop.entrypoints.http.errors.http_errors import InvalidSignature
from shop.entrypoints.http.openapi.document import error_responses
from shop.entrypoints.http.schemas import EmptyBody

router = api_router("operations", prefix="/api/v1/webhooks")


_SIGNED_EVENT = {
    "parameters": [
        {
            "name": "Stripe-Signature",
            "in": "header",
            "required": True,
            "description": "Stripe's signature of the time and the raw body.",
            "schema": {"type": "string", "maxLength": 4096},
            "example": "t=1795262400,v1=5257a869e7ecebeda32affa62cdca3fa51cad7e7",
        }
    ],
    "requestBody": {
        "required": True,
        "description": "An event, as described in Stripe's documentation.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    },
}


@router.post("/stripe", responses=error_responses(InvalidSignature), openapi_extra=_SIGNED_EVENT)
async def receive_stripe_event(
    request: Request, gateway_events: HandleGatewayEventsDependency
) -> EmptyBody:
    """Store a signed event of Stripe; a job handles it about a second later.

    An event that was received before changes nothing.
    """
    await gateway_events.receive(await request.body(), request.headers)
    return EmptyBody()
