"""Port to new ids."""

from abc import ABC, abstractmethod
from uuid import UUID


class IdGenerator(ABC):
    """The only source of ids; no id is returned twice."""

    @abstractmethod
    def new(self) -> UUID:
        """Return a new id."""

    @abstractmethod
    def order_number(self) -> str:
        """Return a new order number: short, easy to read aloud, hard to guess."""
