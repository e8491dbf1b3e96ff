"""Port to the groups that customers are in."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from uuid import UUID


class CustomerGroups(ABC):
    """The groups that staff have put customers into; promotions can be for one of them."""

    @abstractmethod
    async def of_users(self, user_ids: Collection[UUID]) -> Mapping[UUID, frozenset[str]]:
        """Return the groups of each user; none if the user is in none."""

    @abstractmethod
    def change(self, user_id: UUID, before: Collection[str], after: Collection[str]) -> None:
        """Stage the groups of a locked user."""
