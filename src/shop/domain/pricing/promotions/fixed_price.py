"""A fixed price instead of the list price."""

from collections.abc import Sequence
from typing import ClassVar

from shop.domain.pricing.arithmetic import share_out
from shop.domain.pricing.cart_to_quote import LineToQuote
from shop.domain.pricing.promotions.effect import Effect, Target
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.money import Money
from shop.domain.shared.value import value


@value
class FixedPrice(Effect):
    """A price for each piece, or for all lines together; it never raises a price."""

    price: Money

    kind: ClassVar[str] = "fixed_price"
    rank: ClassVar[int] = 1

    def __post_init__(self) -> None:
        if self.price.amount < 0:
            raise InvalidValue(field="price", rule="must not be negative")

    def off_lines(
        self, lines: Sequence[LineToQuote], left: Sequence[int], target: Target
    ) -> Sequence[int]:
        """Return what each line costs more than the price."""
        if target is Target.LINES:
            return [
                max(0, amount - self.price.amount * line.quantity)
                for line, amount in zip(lines, left, strict=True)
            ]
        return share_out(max(0, sum(left) - self.price.amount), left)
