"""A percentage that grows with the quantity or with the amount."""

from collections.abc import Sequence
from typing import ClassVar

from shop.domain.pricing.arithmetic import share_out
from shop.domain.pricing.cart_to_quote import LineToQuote
from shop.domain.pricing.percentages import percentage_of, require_percentage
from shop.domain.pricing.promotions.effect import Effect, Target
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.money import Money
from shop.domain.shared.value import value


@value
class Tier:
    """A percentage from a quantity on, or from an amount at list prices on."""

    percentage: int
    from_quantity: int | None = None
    from_amount: Money | None = None

    def __post_init__(self) -> None:
        require_percentage(self.percentage, "percentage", minimum=1)
        if (self.from_quantity is None) is (self.from_amount is None):
            raise InvalidValue(field="tiers", rule="must have from_quantity or from_amount")
        begin = self.from_quantity if self.from_amount is None else self.from_amount.amount + 1
        if begin is not None and begin < 1:
            raise InvalidValue(field="tiers", rule="must begin at a quantity above 0 or an amount")

    def is_reached_by(self, lines: Sequence[LineToQuote]) -> bool:
        """Check whether the lines together are enough for the tier."""
        if self.from_amount is not None:
            amounts = [line.unit_price.amount * line.quantity for line in lines]
            return sum(amounts) >= self.from_amount.amount
        return sum([line.quantity for line in lines]) >= (self.from_quantity or 0)


@value
class Tiers(Effect):
    """The highest percentage of all tiers that the lines reach."""

    tiers: tuple[Tier, ...]

    kind: ClassVar[str] = "tiers"
    rank: ClassVar[int] = 3

    def __post_init__(self) -> None:
        if not self.tiers:
            raise InvalidValue(field="tiers", rule="must have at least one tier")
        if len({each.from_amount is None for each in self.tiers}) > 1:
            raise InvalidValue(field="tiers", rule="must all begin at quantities, or amounts")

    def off_lines(
        self, lines: Sequence[LineToQuote], left: Sequence[int], target: Target
    ) -> Sequence[int]:
        """Return the percentage of each line, up to the rounding."""
        del target
        reached = [tier.percentage for tier in self.tiers if tier.is_reached_by(lines)]
        return share_out(percentage_of(sum(left), max(reached, default=0)), left)
