"""Several shops in which everything happens at the same time."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from tests.property.system.system_under_test import ShopUnderTest

T = TypeVar("T")


class DifferentialRunner:
    """Runs the same in every shop, and returns the results by shop."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self._runner = runner
        self.shops: dict[str, ShopUnderTest] = {}

    def open(self, name: str, shop: ShopUnderTest) -> None:
        self.shops[name] = shop

    def close(self) -> None:
        self.run_in_all(lambda shop: shop.container.database().close())

    def reset(self) -> None:
        self.run_in_all(lambda shop: shop.reset())

    def advance(self, seconds: int) -> None:
        for shop in self.shops.values():
            shop.clock.advance(timedelta(seconds=seconds))

    def run_in(self, name: str, call: Callable[[ShopUnderTest], Awaitable[T]]) -> T:
        """Ask one shop."""

        async def there() -> T:
            return await call(self.shops[name])

        return self._runner.run(there())

    def run_in_all(self, call: Callable[[ShopUnderTest], Awaitable[T]]) -> dict[str, T]:
        """Ask every shop the same; return the answers by the shops' names."""

        async def everywhere() -> list[T]:
            # Where one fails, the others are not left behind in the middle of something.
            calls = [asyncio.ensure_future(call(shop)) for shop in self.shops.values()]
            await asyncio.wait(calls)
            return [each.result() for each in calls]

        return dict(zip(self.shops, self._runner.run(everywhere()), strict=True))
