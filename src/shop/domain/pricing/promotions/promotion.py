"""Promotions: an effect, the lines that it is for, and the conditions for it."""

from datetime import datetime

from shop.domain.pricing.goods import Selection
from shop.domain.pricing.promotions.effect import Effect, Target
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.money import Money
from shop.domain.shared.value import value


@value
class Conditions:
    """What must be true of a cart and its customer.

    `minimum` is compared with the list prices of the lines in `selection`, of which there must be
    one in any case.
    """

    minimum: Money | None = None
    is_for_first_order: bool = False
    group: str | None = None
    selection: Selection = Selection()


@value
class Promotion:
    """A discount under conditions, by code or automatic.

    It is valid from `starts_at` until just before `ends_at`. `limit` bounds the orders that have
    it, `limit_per_customer` those of one customer.
    """

    slug: str
    name: str
    requires_code: bool
    active: bool
    starts_at: datetime | None
    ends_at: datetime | None
    conditions: Conditions
    effect: Effect
    target: Target
    selection: Selection
    combinable: bool
    limit: int | None
    limit_per_customer: int | None

    def __post_init__(self) -> None:
        if self.starts_at and self.ends_at and self.starts_at >= self.ends_at:
            raise InvalidValue(field="ends_at", rule="must be later than starts_at")
        for field, limit in (
            ("limit", self.limit),
            ("limit_per_customer", self.limit_per_customer),
        ):
            if limit is not None and limit < 1:
                raise InvalidValue(field=field, rule="must be at least 1")

    @property
    def uses_per_customer(self) -> int | None:
        """How many orders of one customer can have it; a first order is only one."""
        if not self.conditions.is_for_first_order:
            return self.limit_per_customer
        return min(1, self.limit_per_customer or 1)
