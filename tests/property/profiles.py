"""How hard a property is tried."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from hypothesis import seed, settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """So many small batches of examples, the same ones every time.

    From the eleventh on, hypothesis mostly varies the example that it has just tried: four times
    ten find more than forty. A profile that is meant to be random has one large batch.
    """

    profile: settings
    batches: int

    def run(self, test: Callable[[], None]) -> None:
        """Try a property: a test that is decorated with `given`."""
        configured = self.profile(test)
        for seeded in self.seeds():
            seeded(configured)()

    def seeds(self) -> Iterator[Callable[[Any], Any]]:
        """Return, for each batch, what makes its examples others."""
        if not self.profile.derandomize:
            yield lambda test: test
            return
        for number in range(self.batches):
            yield seed(number)
