"""Port to the carts that customers have in all their sessions."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from uuid import UUID

from shop.domain.customer_cart import CustomerCart


class CustomerCarts(ABC):
    """The carts of customers, by user; a customer who never had one has none."""

    @abstractmethod
    async def get_many(self, user_ids: Collection[UUID]) -> Mapping[UUID, CustomerCart]:
        """Return the carts of users."""

    @abstractmethod
    async def lock(self, user_ids: Collection[UUID]) -> Mapping[UUID, CustomerCart]:
        """Like `get_many`, and lock the carts."""

    @abstractmethod
    async def lock_or_add(self, user_ids: Collection[UUID]) -> Mapping[UUID, CustomerCart]:
        """Like `lock`, and adds an empty cart for each user who has none.

        Two that add one at the same time wait for each other, and use the same. Without locks, it
        raises `TransactionConflict` if a cart is to be added.
        """

    @abstractmethod
    def add(self, cart: CustomerCart) -> None:
        """Stage the cart of a user who is new in this unit of work."""

    @abstractmethod
    def save(self, cart: CustomerCart) -> None:
        """Stage the next state of a locked or added cart."""
