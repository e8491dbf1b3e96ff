"""Uses of promotions: how many are left, and which orders have one."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from shop.domain.shared.value import value

_CODE = "c:"
_ENDED_CODE = "e:"
_PROMOTION = "p:"


def counter_key(promotion: str) -> str:
    """Return the key of a promotion's counter."""
    return _PROMOTION + promotion


def code_key(code: str) -> str:
    """Return the key of a code's counter."""
    return _CODE + code


def ended_code_key(code: str) -> str:
    """Return the key of a code for one order whose promotion has ended."""
    return _ENDED_CODE + code


def customer_key(user_id: UUID) -> str:
    """Return the key under which the uses of a customer are counted."""
    return f"user:{user_id}"


def guest_key(email_key: str) -> str:
    """Return the key under which the uses of guests with an e-mail address are counted."""
    return f"email:{email_key}"


@value
class PromotionCustomer:
    """For whom uses are counted: a user, or all guests with one e-mail address.

    Each session has a guest of its own, so their ids would limit nothing. `email_key` is the
    address in the form by which customers differ.
    """

    user_id: UUID | None = None
    email_key: str | None = None

    @property
    def key(self) -> str:
        """The key under which uses are counted."""
        return customer_key(self.user_id) if self.user_id else guest_key(self.email_key or "")


@value
class PromotionCounter:
    """How many uses are left of a promotion or of a code; None if that is not limited.

    Each promotion and each code has one. A code for one order has one use, a code that all
    customers enter has no limit of its own. No two promotions have the same code. `rules_version`
    is the version of the rules in which staff last saved it: an order that was decided by earlier
    rules takes no use. A code that has ended is kept only to be shown again to those who made it.
    """

    key: str
    promotion: str
    uses_left: int | None
    rules_version: int
    created_at: datetime

    @property
    def code(self) -> str | None:
        """The code that is counted, None for the promotion itself and for a code that has ended."""
        return self.key.removeprefix(_CODE) if self.key.startswith(_CODE) else None

    @property
    def is_single_use(self) -> bool:
        """Whether it is a code for one order."""
        return self.code is not None and self.uses_left is not None


@value
class PromotionUse:
    """An order that has a promotion.

    Where the uses of a customer are limited, `n` is the smallest number that is free among them.
    """

    promotion: str
    order_id: UUID
    customer_key: str
    n: int | None
    code: str | None
    created_at: datetime


@value
class HeldUse:
    """A use as a customer has it; `is_pending` says that its order waits for its payment."""

    order_id: UUID
    n: int | None
    code: str | None
    is_pending: bool


def smallest_free_number(taken: Collection[int | None]) -> int:
    """Return the number of a customer's next use."""
    number = 1
    while number in taken:
        number += 1
    return number
