"""The shop without its line: every order is a unit of work of its own."""

from collections.abc import Awaitable, Callable, Sequence

from dependency_injector import providers
from fastapi import FastAPI

from shop.application.checkout.placed_order import PlacedOrder
from shop.application.checkout.placement_batch import PlaceOrder
from shop.application.idempotency.results import CommandResult
from shop.entrypoints.cli.bootstrap import build_container
from shop.entrypoints.cli.server import freeze_startup_objects
from shop.entrypoints.http.app import create_app as create_shop

Place = Callable[[Sequence[PlaceOrder]], Awaitable[Sequence[CommandResult[PlacedOrder]]]]


class OneByOne:
    """Stands where the line stands, and lets everybody through."""

    def __init__(self, place: Place) -> None:
        self._place = place

    async def send(self, command: PlaceOrder) -> CommandResult[PlacedOrder]:
        """Decide an order by itself."""
        (reply,) = await self._place([command])
        return reply

    async def drain(self) -> None:
        """Do nothing: nobody waits here."""


def create_app() -> FastAPI:
    """Return the app."""
    container = build_container(None)
    container.placement_queue.override(
        providers.Singleton(OneByOne, container.place_orders.provided.place)
    )
    app = create_shop(container)
    freeze_startup_objects()
    return app
