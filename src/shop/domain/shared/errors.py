"""What can be refused: facts with fields. A refusal has changed nothing.

Four kinds tell a caller what to do about it; the errors themselves stand beside the entities
whose rules they state, and here where they belong to no single entity.
"""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(kw_only=True, unsafe_hash=True)
class ShopError(Exception):
    """A request that was rejected, by a rule that its class names."""

    code: ClassVar[str]
    """The error's stable name: clients see it, and rejections are stored under it."""

    message: ClassVar[str] = "The request was rejected."
    """One sentence; the error's fields fill the names in braces."""

    is_final: ClassVar[bool] = False
    """Whether the request is decided, so that the error is stored under its idempotency key."""

    @property
    def detail(self) -> str:
        """The message with the error's fields filled in."""
        return self.message.format(**vars(self))

    def __str__(self) -> str:
        return self.detail


class NotFound(ShopError):
    """What was asked for does not exist, or not for the one who asks."""

    is_final = True


class Conflict(ShopError):
    """The request is sound, but the present state of things forbids it."""

    is_final = True


class AccessDenied(ShopError):
    """The one who asks may not do this."""


@dataclass(kw_only=True, unsafe_hash=True)
class InvalidValue(ShopError):
    """A value breaks a rule that holds whatever the state of things."""

    field: str
    rule: str

    code = "invalid-value"
    message = "{field}: {rule}."
