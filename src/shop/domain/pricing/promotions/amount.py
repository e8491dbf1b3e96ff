"""An amount off."""

from collections.abc import Sequence
from typing import ClassVar

from shop.domain.pricing.arithmetic import share_out
from shop.domain.pricing.cart_to_quote import LineToQuote
from shop.domain.pricing.promotions.effect import Effect, Target
from shop.domain.shared.money import Money
from shop.domain.shared.value import value


@value
class Amount(Effect):
    """An amount off all lines together, or off each piece; never more than is left."""

    amount: Money

    kind: ClassVar[str] = "amount"
    rank: ClassVar[int] = 5

    def __post_init__(self) -> None:
        self.amount.require_positive()

    def off_lines(
        self, lines: Sequence[LineToQuote], left: Sequence[int], target: Target
    ) -> Sequence[int]:
        """Return the share of each line in the amount, or the amount times its quantity."""
        if target is Target.LINES:
            return [
                min(self.amount.amount * line.quantity, amount)
                for line, amount in zip(lines, left, strict=True)
            ]
        return share_out(min(self.amount.amount, sum(left)), left)
