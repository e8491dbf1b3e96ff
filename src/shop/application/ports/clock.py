"""Port to time."""

from abc import ABC, abstractmethod
from datetime import datetime


class Clock(ABC):
    """The only source of time."""

    @abstractmethod
    def now(self) -> datetime:
        """Return the current time in UTC."""

    @abstractmethod
    async def sleep(self, seconds: float) -> None:
        """Wait."""
