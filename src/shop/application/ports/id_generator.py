"""The port to new identities."""

from abc import ABC, abstractmethod
from uuid import UUID


class IdGenerator(ABC):
    """The one source of identities; none is ever given twice."""

    @abstractmethod
    def new(self) -> UUID:
        """Return a new id."""

    @abstractmethod
    def order_number(self) -> str:
        """Return a new order number: short, readable aloud, and not to be guessed."""
