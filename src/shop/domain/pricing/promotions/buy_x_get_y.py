"""Buy some pieces, get others cheaper."""

from collections.abc import Sequence
from typing import ClassVar

from shop.domain.pricing.arithmetic import share_of_pieces, share_out
from shop.domain.pricing.cart_to_quote import LineToQuote
from shop.domain.pricing.percentages import percentage_of, require_percentage
from shop.domain.pricing.promotions.effect import Effect, Target
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.value import value

MAX_PIECES = 1_000


@value
class BuyXGetY(Effect):
    """A percentage off up to `get` pieces for every `buy` others.

    Pieces of all lines count together. The cheapest are reduced; of those with the same list price,
    the first.
    """

    buy: int
    get: int
    percentage: int

    kind: ClassVar[str] = "buy_x_get_y"
    rank: ClassVar[int] = 2

    def __post_init__(self) -> None:
        for field, pieces in (("buy", self.buy), ("get", self.get)):
            if not 1 <= pieces <= MAX_PIECES:
                raise InvalidValue(field=field, rule=f"must be 1 to {MAX_PIECES}")
        require_percentage(self.percentage, "percentage", minimum=1)

    def off_lines(
        self, lines: Sequence[LineToQuote], left: Sequence[int], target: Target
    ) -> Sequence[int]:
        """Return the percentage of the reduced pieces, rounded once and shared."""
        del target
        reduced = self._reduced_pieces(sum([line.quantity for line in lines]))
        values = [0] * len(lines)
        for index in sorted(range(len(lines)), key=lambda each: lines[each].unit_price.amount):
            if not reduced:
                break
            quantity = lines[index].quantity
            pieces = min(reduced, quantity)
            values[index] = share_of_pieces(left[index], quantity, before=0, count=pieces)
            reduced -= pieces
        return share_out(percentage_of(sum(values), self.percentage), values)

    def _reduced_pieces(self, quantity: int) -> int:
        complete, rest = divmod(quantity, self.buy + self.get)
        return complete * self.get + max(0, rest - self.buy)
