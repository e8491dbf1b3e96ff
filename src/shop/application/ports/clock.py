"""The port to time."""

from abc import ABC, abstractmethod
from datetime import datetime


class Clock(ABC):
    """The one source of time."""

    @abstractmethod
    def now(self) -> datetime:
        """Return the present moment, in UTC."""

    @abstractmethod
    async def sleep(self, seconds: float) -> None:
        """Let this many seconds pass."""
