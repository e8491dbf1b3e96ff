"""The numbers of products that meet conditions, in order."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from shop.adapters.sql.statements.connection import SqlConnection
from shop.application.ports.repositories.catalogue.product_searches import SearchQuestion
from shop.domain.shared.value import value


@value
class Hit:
    """The number of a product that was found, and the tier in which it was."""

    tier: int
    search_id: int


class HitFinder(ABC):
    """Finds products by their tokens."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    @abstractmethod
    async def find(self, question: SearchQuestion, after: Hit | None, limit: int) -> Sequence[Hit]:
        """Return hits of a question's tiers, each in the first that it meets.

        In a tier, the newest come first.
        """
