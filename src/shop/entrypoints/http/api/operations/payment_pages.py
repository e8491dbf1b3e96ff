"""Routes of the pages of a simulated gateway in this process."""

from collections.abc import Sequence

from starlette.routing import BaseRoute

from shop.application.ports.payment_gateway import GatewayEvent, GatewayPayment
from shop.entrypoints.container import Container


def payment_pages(container: Container) -> Sequence[BaseRoute]:
    """Return the pages where customers decide payments; the OpenAPI document omits them.

    Without a simulated gateway in this process there are none.
    """

    async def decided(payment: GatewayPayment) -> None:
        event = GatewayEvent(
            id=f"{payment.id}:authenticated",
            kind="payment.authenticated",
            payment_id=payment.id,
            reference=payment.reference,
        )
        await container.handle_gateway_events().record(event)

    return container.payment_page_routes()(decided=decided)
