"""Port to the uses of promotions."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from shop.domain.pricing.promotions.promotion_uses import HeldUse, PromotionUse


class PromotionUses(ABC):
    """The orders that have a promotion; one that ends without a sale gives its uses back.

    Uses follow from the order and from the counter of the promotion: these are locked. So the
    number of a customer's use needs a lock, and no guard can replace it.
    """

    @abstractmethod
    async def orders_by_code(self, promotion: str, codes: Collection[str]) -> Mapping[str, UUID]:
        """Return the order that has each code for one order, if any has."""

    @abstractmethod
    async def of_customers(
        self, promotions: Collection[str], customer_keys: Collection[str]
    ) -> Mapping[tuple[str, str], Sequence[HeldUse]]:
        """Return the uses of customers, by promotion and customer, the oldest first."""

    @abstractmethod
    async def customers_with_orders(self, user_ids: Collection[UUID]) -> frozenset[UUID]:
        """Return those who have an order that is pending or was bought."""

    @abstractmethod
    async def emails_with_orders(self, email_keys: Collection[str]) -> frozenset[str]:
        """Like `customers_with_orders`, by the e-mail addresses that stand on orders."""

    @abstractmethod
    def add(self, use: PromotionUse) -> None:
        """Stage a use of an order that is stored or added.

        Raise `TransactionConflict` for one with a number if the unit of work holds no locks.
        """

    @abstractmethod
    def remove(self, promotion: str, order_id: UUID) -> None:
        """Stage the deletion of a use."""

    @abstractmethod
    def forget_numbers(self, promotion: str, above: int) -> None:
        """Stage that higher numbers are free again; these uses of a customer still count."""
