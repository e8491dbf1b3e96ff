"""What can be refused: facts with fields. A refusal has changed nothing.

Four kinds tell a caller what to do about it; the errors themselves stand beside the entities
whose rules they state, and here where they belong to no single entity.
"""

import re
from dataclasses import dataclass
from typing import ClassVar

_WORD_START = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(kw_only=True, unsafe_hash=True)
class ShopError(Exception):
    """A request that was refused, by a rule that its class names."""

    sentence: ClassVar[str] = "The request was refused."
    final: ClassVar[bool] = False
    """Whether this answers the request for good, so that it is kept under its idempotency key."""

    @property
    def slug(self) -> str:
        """The error's stable name: its class's, as words joined by hyphens."""
        return _WORD_START.sub("-", type(self).__name__).lower()

    @property
    def detail(self) -> str:
        """One sentence for the person who reads the refusal, with the facts in it."""
        return self.sentence.format(**vars(self))

    def __str__(self) -> str:
        return self.detail


class NotFound(ShopError):
    """What was asked for does not exist, or not for the one who asks."""

    final = True


class Conflict(ShopError):
    """The request is sound, but the present state of things forbids it."""

    final = True


class AccessDenied(ShopError):
    """The one who asks may not do this."""


@dataclass(kw_only=True, unsafe_hash=True)
class RuleBroken(ShopError):
    """A value breaks a rule that holds whatever the state of things."""

    field: str
    rule: str

    sentence = "{field}: {rule}."
