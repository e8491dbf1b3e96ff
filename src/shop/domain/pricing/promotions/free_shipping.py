"""Free shipping."""

from typing import ClassVar

from shop.domain.pricing.promotions.effect import Effect
from shop.domain.shared.value import value


@value
class FreeShipping(Effect):
    """The whole price of shipping off, whatever the method."""

    kind: ClassVar[str] = "free_shipping"
    rank: ClassVar[int] = 6

    def off_shipping(self, left: int) -> int:
        """Return all that is left of the price."""
        return left
