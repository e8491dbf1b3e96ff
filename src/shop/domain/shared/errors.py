"""Base classes of the domain's errors; a rejected request has changed nothing.

Each error class is in the module of the entity that has the rule.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar


@dataclass(kw_only=True, unsafe_hash=True)
class ShopError(Exception):
    """A rejected request; the class names the rule, the fields hold the values."""

    code: ClassVar[str]
    """The stable name that clients see and that stored rejections use."""

    message: ClassVar[str] = "The request was rejected."
    """The template of `detail`; names in braces are fields."""

    is_final: ClassVar[bool] = False
    """Whether the error is stored under the idempotency key and replayed."""

    @property
    def detail(self) -> str:
        """The message with the error's fields filled in."""
        return self.message.format(**vars(self))

    def __str__(self) -> str:
        return self.detail


class NotFound(ShopError):
    """The object does not exist, or the user may not see it."""

    is_final = True


class Conflict(ShopError):
    """The request is valid, but the current state forbids it."""

    is_final = True


class AccessDenied(ShopError):
    """The user may not do this."""


@dataclass(kw_only=True, unsafe_hash=True)
class InvalidValue(ShopError):
    """A value breaks a rule; `rule` completes the sentence "<field> …"."""

    field: str
    rule: str

    code = "invalid-value"
    message = "{field}: {rule}."


@contextmanager
def within(path: str) -> Iterator[None]:
    """Name the fields of invalid values as members of what is at this path."""
    try:
        yield
    except InvalidValue as error:
        raise InvalidValue(field=f"{path}/{error.field}", rule=error.rule) from error
