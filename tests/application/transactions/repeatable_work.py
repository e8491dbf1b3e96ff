"""Work that can be repeated, and a clock that says how long a runner paused before it did so."""

from shop.application.ports.unit_of_work import UnitOfWork
from tests.clock import FakeClock
from tests.factories import NOW, user

ADA = user("ada")


class CountingClock(FakeClock):
    """Remembers how long each sleep was to be."""

    def __init__(self) -> None:
        super().__init__(NOW)
        self.sleeps: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        await super().sleep(seconds)


async def add_ada(uow: UnitOfWork) -> str:
    """Add Ada, who is there at most once: thus it can be run again."""
    if ADA.id not in await uow.users.get_many([ADA.id]):
        uow.users.add(ADA)
    await uow.commit()
    return "added"
