"""Port to the counters of promotions and codes."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from shop.application.ports.paging import Page, PageRequest
from shop.domain.pricing.promotions.promotion_uses import PromotionCounter


class PromotionCounters(ABC):
    """What is left of promotions and of codes.

    Each promotion has a counter, and each code has one. The counter of a code that all customers
    enter is removed when the promotion has another one or none; orders may have that code.
    """

    @abstractmethod
    async def get_many(self, keys: Collection[str]) -> Mapping[str, PromotionCounter]:
        """Return counters by key."""

    @abstractmethod
    async def used(self, promotions: Collection[str]) -> Mapping[str, int]:
        """Return how many orders have each promotion; none for one that no order has.

        It takes as long for many orders as for few.
        """

    @abstractmethod
    async def lock(
        self, keys: Collection[str], shared: Collection[str] = ()
    ) -> Mapping[str, PromotionCounter]:
        """Like `get_many`, and lock the counters.

        Those of `shared` can only be held, by other orders too; staff wait for all of them.
        """

    @abstractmethod
    async def lock_whole(self, keys: Collection[str]) -> Mapping[str, PromotionCounter]:
        """Like `lock`, for staff: no order holds one of these counters meanwhile."""

    @abstractmethod
    async def lock_all(self, promotion: str) -> Mapping[str, PromotionCounter]:
        """Like `lock_whole`, for all counters of a promotion, with its codes."""

    @abstractmethod
    async def single_use_codes(self, promotion: str, page: PageRequest[str]) -> Page[str, str]:
        """Return a page of the codes of a promotion that are for one order each, sorted."""

    @abstractmethod
    async def codes_made_at(self, promotion: str, at: datetime) -> Sequence[str]:
        """Return the codes for one order each that were made at this time, sorted.

        Those that have ended are among them.
        """

    @abstractmethod
    async def last_made_at(self, promotion: str) -> datetime | None:
        """Return when the newest codes for one order each were made, if there are any.

        Those that have ended count.
        """

    @abstractmethod
    def add(self, counter: PromotionCounter) -> None:
        """Stage a new counter."""

    @abstractmethod
    def save(self, counter: PromotionCounter) -> None:
        """Stage the new state of a counter that is locked as a whole."""

    @abstractmethod
    def take(self, key: str, rules_version: int) -> None:
        """Stage that an order takes a use of a locked counter, decided by rules of this version.

        A guarded unit of work takes it only if one is left, and if staff have not saved the counter
        since that version. Several uses can be taken; a counter without a limit keeps none.
        """

    @abstractmethod
    def hold(self, key: str, rules_version: int) -> None:
        """Stage that an order has a promotion without a limit, decided by rules of this version.

        Orders hardly ever wait for each other. A guarded unit of work is committed only if staff
        have not saved the counter since that version.
        """

    @abstractmethod
    def give_back(self, key: str) -> None:
        """Stage that an order gives a use of a locked counter back."""

    @abstractmethod
    def remove(self, key: str) -> None:
        """Stage the deletion of a counter."""

    @abstractmethod
    def end_codes(self, promotion: str) -> None:
        """Stage that a promotion has no codes any more.

        What was made for one order each is kept under `ended_code_key`, which no order looks up.
        """
