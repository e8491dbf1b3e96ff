"""What a promotion does; each kind of effect is a module of this package."""

from collections.abc import Sequence
from enum import StrEnum
from typing import ClassVar

from shop.domain.pricing.cart_to_quote import LineToQuote


class Target(StrEnum):
    """What an amount or a price is for."""

    LINES = "lines"  # For each piece of the lines.
    ORDER = "order"  # For all of the lines together.


class Effect:
    """One kind of discount; it overrides the method for lines or that for shipping.

    `kind` is its name in the API and the database. Combined promotions of one target are applied by
    `rank`: those that set prices first, amounts last, which is the best for the customer.
    """

    kind: ClassVar[str]
    rank: ClassVar[int]

    def off_lines(
        self, lines: Sequence[LineToQuote], left: Sequence[int], target: Target
    ) -> Sequence[int]:
        """Return the discount of each line: 0 up to what is left of its amount."""
        del left, target
        return [0] * len(lines)

    def off_shipping(self, left: int) -> int:
        """Return the discount of shipping: 0 up to what is left of its price."""
        del left
        return 0
