"""Uses of promotions: what is left of the limited ones, and which orders have one."""

from datetime import datetime
from uuid import UUID

from shop.domain.shared.value import value

_CODE = "c:"
_PROMOTION = "p:"


def counter_key(promotion: str) -> str:
    """Return the key of a promotion's counter."""
    return _PROMOTION + promotion


def code_key(code: str) -> str:
    """Return the key of a code's counter."""
    return _CODE + code


@value
class PromotionCounter:
    """How many uses are left of a limited promotion, or of a code.

    A code for one order has one use; a code that all customers enter has no limit of its own, and
    None left. No two promotions have the same code.
    """

    key: str
    promotion: str
    uses_left: int | None
    created_at: datetime

    @property
    def code(self) -> str | None:
        """The code that is counted, None for the promotion itself."""
        return self.key.removeprefix(_CODE) if self.key.startswith(_CODE) else None

    @property
    def is_single_use(self) -> bool:
        """Whether it is a code for one order."""
        return self.code is not None and self.uses_left is not None


@value
class PromotionUse:
    """An order that has a promotion; `n` counts the uses of a customer, where those are limited."""

    promotion: str
    order_id: UUID
    customer_key: str
    n: int | None
    code: str | None
    created_at: datetime
