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

    The cart needs a line of the selection. `minimum` is compared with the list prices of all lines
    of the selection together.
    """

    minimum: Money | None = None
    is_for_first_order: bool = False
    group: str | None = None
    selection: Selection = Selection()

    def __post_init__(self) -> None:
        if self.minimum is not None and self.minimum.amount < 0:
            raise InvalidValue(field="conditions/minimum", rule="must not be negative")


@value
class Promotion:
    """A discount under conditions, by code or automatic.

    It is valid from `starts_at` until just before `ends_at`. `limit` bounds the orders that have
    it, `limit_per_customer` those of one customer. `code` is the one that all customers enter;
    there can be codes for one order each beside it, or instead.
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
    code: str | None = None

    def __post_init__(self) -> None:
        if self.starts_at and self.ends_at and self.starts_at >= self.ends_at:
            raise InvalidValue(field="ends_at", rule="must be later than starts_at")
        _require_limit(self.limit, "limit")
        _require_limit(self.limit_per_customer, "limit_per_customer")
        if self.code is not None and not self.requires_code:
            raise InvalidValue(field="code", rule="must be omitted for an automatic promotion")

    @property
    def is_limited(self) -> bool:
        """Whether its uses are counted down, by all or by each customer."""
        return self.limit is not None or self.uses_per_customer is not None

    @property
    def uses_per_customer(self) -> int | None:
        """How many orders of one customer can have it; only one is the first order."""
        return 1 if self.conditions.is_for_first_order else self.limit_per_customer

    def is_automatic(self, at: datetime) -> bool:
        """Whether carts can have it without a code at this time or later."""
        is_over = self.ends_at is not None and at >= self.ends_at
        return self.active and not self.requires_code and not is_over

    @property
    def selected_categories(self) -> frozenset[str]:
        """The categories that it names, for its effect or as a condition."""
        return self.selection.categories | self.conditions.selection.categories


def _require_limit(limit: int | None, field: str) -> None:
    if limit is not None and limit < 1:
        raise InvalidValue(field=field, rule="must be at least 1")
