"""The shop without group commit: each order is a unit of work of its own."""

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
    """Replaces the queue and decides each order at once."""

    def __init__(self, place: Place) -> None:
        self._place = place

    async def submit(self, command: PlaceOrder) -> CommandResult[PlacedOrder]:
        """Decide an order by itself."""
        (result,) = await self._place([command])
        return result

    async def drain(self) -> None:
        """Do nothing: no command waits here."""


def create_app() -> FastAPI:
    """Return the app."""
    container = build_container(None)
    container.placement_queue.override(
        providers.Singleton(OneByOne, container.place_orders.provided.place)
    )
    app = create_shop(container)
    freeze_startup_objects()
    return app
