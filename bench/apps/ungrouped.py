"""The shop without its line: every order is a unit of work of its own."""

from collections.abc import Awaitable, Callable, Sequence

from dependency_injector import providers
from fastapi import FastAPI

from shop.application.idempotency import Reply
from shop.application.orders.place import PlaceOrder
from shop.application.orders.placed import PlacedOrder
from shop.entrypoints.cli.assembly import assemble
from shop.entrypoints.cli.server import spare_what_stays
from shop.entrypoints.http.app import create_app as create_shop

Place = Callable[[Sequence[PlaceOrder]], Awaitable[Sequence[Reply[PlacedOrder]]]]


class OneByOne:
    """Stands where the line stands, and lets everybody through."""

    def __init__(self, place: Place) -> None:
        self._place = place

    async def send(self, command: PlaceOrder) -> Reply[PlacedOrder]:
        """Decide an order by itself."""
        (reply,) = await self._place([command])
        return reply

    async def drain(self) -> None:
        """Do nothing: nobody waits here."""


def create_app() -> FastAPI:
    """Return the app."""
    container = assemble(None)
    container.grouped_orders.override(
        providers.Singleton(OneByOne, container.place_orders.provided.place)
    )
    app = create_shop(container)
    spare_what_stays()
    return app
