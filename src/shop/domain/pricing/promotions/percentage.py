"""A percentage off."""

from collections.abc import Sequence
from typing import ClassVar

from shop.domain.pricing.arithmetic import share_out
from shop.domain.pricing.cart_to_quote import LineToQuote
from shop.domain.pricing.percentages import percentage_of, require_percentage
from shop.domain.pricing.promotions.effect import Effect, Target
from shop.domain.shared.value import value


@value
class Percentage(Effect):
    """A percentage of all that is left of the lines, rounded once and shared."""

    percentage: int

    kind: ClassVar[str] = "percentage"
    rank: ClassVar[int] = 4

    def __post_init__(self) -> None:
        require_percentage(self.percentage, "percentage", minimum=1)

    def off_lines(
        self, lines: Sequence[LineToQuote], left: Sequence[int], target: Target
    ) -> Sequence[int]:
        """Return the same percentage of each line, up to the rounding."""
        del lines, target
        return share_out(percentage_of(sum(left), self.percentage), left)
