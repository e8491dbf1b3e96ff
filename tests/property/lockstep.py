"""Several shops in which everything happens at the same time."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from tests.property.shops import Shop

T = TypeVar("T")


class Lockstep:
    """Does the same in every shop, and tells what came of it in each."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self._runner = runner
        self.shops: dict[str, Shop] = {}

    def open(self, name: str, shop: Shop) -> None:
        self.shops[name] = shop

    def close(self) -> None:
        self.each(lambda shop: shop.container.database().close())

    def reset(self) -> None:
        self.each(lambda shop: shop.reset())

    def advance(self, seconds: int) -> None:
        for shop in self.shops.values():
            shop.clock.advance(timedelta(seconds=seconds))

    def one(self, name: str, ask: Callable[[Shop], Awaitable[T]]) -> T:
        """Ask one shop."""

        async def there() -> T:
            return await ask(self.shops[name])

        return self._runner.run(there())

    def each(self, ask: Callable[[Shop], Awaitable[T]]) -> dict[str, T]:
        """Ask every shop the same; return the answers by the shops' names."""

        async def everywhere() -> list[T]:
            # Where one fails, the others are not left behind in the middle of something.
            asked = [asyncio.ensure_future(ask(shop)) for shop in self.shops.values()]
            await asyncio.wait(asked)
            return [each.result() for each in asked]

        return dict(zip(self.shops, self._runner.run(everywhere()), strict=True))
