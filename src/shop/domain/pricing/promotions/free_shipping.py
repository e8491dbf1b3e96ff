"""Free shipping."""

from collections.abc import Sequence
from typing import ClassVar

from shop.domain.pricing.goods import SelectedLines
from shop.domain.pricing.promotions.effect import Effect, Target
from shop.domain.shared.value import value


@value
class FreeShipping(Effect):
    """The whole price of shipping off, whatever the method."""

    kind: ClassVar[str] = "free_shipping"
    rank: ClassVar[int] = 6
    is_on_shipping: ClassVar[bool] = True

    def off_lines(self, goods: SelectedLines, target: Target) -> Sequence[int]:
        """Leave the lines as they are."""
        del target
        return [0] * len(goods.left)

    def off_shipping(self, left: int) -> int:
        """Return all that is left of the price."""
        return left
