"""The courier in memory: keeps what it is given, for whoever looks."""

from collections import deque

from shop.application.ports.courier import Courier, NotDelivered, Parcel

OK = 200


class MemoryCourier(Courier):
    """Delivers everything, unless the next answers were scripted; None is no answer."""

    def __init__(self) -> None:
        self.parcels: list[Parcel] = []
        """Every parcel that was brought, also in vain."""

        self._answers: deque[int | None] = deque()

    def script(self, *answers: int | None) -> None:
        """Have the next parcels answered with these statuses."""
        self._answers.extend(answers)

    async def deliver(self, parcel: Parcel) -> int:
        """Keep a parcel, and answer as scripted."""
        self.parcels.append(parcel)
        status = self._answers.popleft() if self._answers else OK
        if status is None:
            raise NotDelivered("no answer", status_code=None, for_good=False)
        if status // 100 != OK // 100:
            raise NotDelivered(f"answered {status}", status_code=status, for_good=False)
        return status

    async def close(self) -> None:
        """Return: there are no connections."""
