"""Base classes and field types that all schemas share."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import Annotated, ClassVar, Literal, Self, dataclass_transform

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from shop.domain.catalogue.variant import MAX_PRICE
from shop.domain.payment import MAX_TOKEN_CHARACTERS
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.hidden_characters import describe_character, find_hidden_character
from shop.domain.shared.line_quantity import MAX_QUANTITY, MAX_SKU_CHARACTERS, SKU_PATTERN
from shop.domain.shared.money import MAX_AMOUNT, Currency, Money
from shop.domain.shared.text import require_text
from shop.domain.user import MAX_EMAIL_CHARACTERS, normalise_email
from shop.entrypoints.validation_messages import (
    CURRENCY_PATTERN,
    PATTERN_MISMATCH,
    SINGLE_LINE_PATTERN,
    TOKEN_PATTERN,
)


def _checked(require: Callable[[str], None]) -> WrapValidator:
    """Return a validator that raises the rule of an `InvalidValue`.

    The length goes first: nothing looks at a text that is longer than its field may be.
    """

    def validate(value: object, handler: ValidatorFunctionWrapHandler) -> object:
        try:
            text = handler(value)
        except ValidationError as error:
            # The message of a pattern would not name the character.
            if isinstance(value, str) and error.errors()[0]["type"] == PATTERN_MISMATCH:
                _require(require, value)
            raise
        if isinstance(text, str):
            _require(require, text)
        return text

    return WrapValidator(validate)


def _require(require: Callable[[str], None], text: str) -> None:
    try:
        require(text)
    except InvalidValue as error:
        raise ValueError(error.rule) from error


NEW_TEXT = _checked(partial(require_text, field="text"))
"""Marks a field of a request whose text is stored and that people read."""

NEW_TEXT_ABOUT_GOODS = _checked(partial(require_text, field="text", is_about_goods=True))
"""As above; barcodes may look like card numbers."""

NEW_DESCRIPTION = _checked(
    partial(require_text, field="text", is_multiline=True, is_about_goods=True)
)
"""As above, of several lines."""


def _require_visible(text: str) -> None:
    if hidden := find_hidden_character(text, allows_joiners=False):
        raise InvalidValue(field="text", rule=f"must not contain {describe_character(hidden)}")


VISIBLE_CHARACTERS = _checked(_require_visible)
"""Marks a field of a request that has a syntax: an address or a URL."""


def is_none(value: object) -> bool:
    """Check that there is no value; members that are absent then have it as their `exclude_if`."""
    return value is None


def null_as(meaning: object) -> BeforeValidator:
    """Return what has a null that is given mean this, unlike a member that is absent."""
    return BeforeValidator(lambda given: meaning if given is None else given)


def _require_digits(text: object) -> object:
    # The parser would also take "+3", "3.0", "1_0" and spaces.
    if isinstance(text, str) and not (text.isascii() and text.removeprefix("-").isdecimal()):
        raise ValueError("must be a whole number in digits")
    return text


DIGITS = BeforeValidator(_require_digits)
"""Marks a whole number of a query, which is text."""


class RequestBody(BaseModel):
    """The body of a request; unknown members are rejected, and no value is converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class EmptyBody(RequestBody):
    """An empty object."""


class QueryParameters(BaseModel):
    """The query parameters of a request; numbers are parsed from text."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass_transform(frozen_default=True, kw_only_default=True)
class ResponseBody:
    """The body of a response, or an object in it: a dataclass with its annotations as fields.

    It is declared like a model of pydantic, which documents and writes it. It is not validated:
    what the shop answers was checked when it was decided, and checking it once more takes four
    times as long as making the object.
    """

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid", strict=True)

    def __init_subclass__(cls) -> None:
        dataclass(kw_only=True)(cls)

    def to_json(self) -> bytes:
        """Return the object as JSON."""
        kind: type = type(self)
        return _adapter_of(kind).dump_json(self)


@cache
def _adapter_of(kind: type) -> TypeAdapter[ResponseBody]:
    return TypeAdapter(kind)


def _email(text: str) -> str:
    try:
        return normalise_email(text)
    except InvalidValue as error:
        raise ValueError(error.rule) from error


Email = Annotated[
    str,
    Field(
        min_length=3,
        max_length=MAX_EMAIL_CHARACTERS,
        pattern=SINGLE_LINE_PATTERN,
        examples=["ada@example.com"],
        json_schema_extra={"format": "email"},
    ),
    VISIBLE_CHARACTERS,
    AfterValidator(_email),
]
"""The e-mail address of a user, normalised; also one that a new user could not have."""

Sku = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_SKU_CHARACTERS,
        pattern=SKU_PATTERN,
        examples=["TEA-EARL-GREY"],
        description="The stock keeping unit: the permanent name of a product.",
    ),
]

CardToken = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_TOKEN_CHARACTERS,
        pattern=TOKEN_PATTERN,
        examples=["tok_visa"],
        description="The gateway's name for a card that the customer registered with it.",
    ),
]

ClientSecret = Annotated[
    str | None,
    Field(
        exclude_if=is_none,
        examples=["pi_3Nc_secret_8fK"],
        description="Present if the customer has to authenticate the payment: the input of the "
        "gateway's library for browsers.",
    ),
]


class RedirectAction(ResponseBody):
    """The customer has to open a page of the gateway."""

    type: Annotated[Literal["redirect"], Field(examples=["redirect"])] = "redirect"
    url: Annotated[str, Field(examples=["https://shop.example.com/gateway/payments/pay_4c1d"])]


class StripeAction(ResponseBody):
    """The customer has to authenticate in the library of Stripe for browsers."""

    type: Annotated[Literal["stripe"], Field(examples=["stripe"])] = "stripe"
    client_secret: Annotated[str, Field(examples=["pi_3Nc_secret_8fK"])]


PaymentAction = Annotated[
    Annotated[RedirectAction | StripeAction, Field(discriminator="type")] | None,
    Field(
        exclude_if=is_none,
        description="Present if the customer has to act before the payment has an outcome.",
    ),
]

Guest = Annotated[
    bool | None,
    Field(
        exclude_if=is_none,
        examples=[True],
        description="Present and true for a guest, who ordered without signing in.",
    ),
]

Simulated = Annotated[
    bool | None,
    Field(
        exclude_if=is_none,
        examples=[True],
        description="Present and true if production rehearses with a gateway that moves no money.",
    ),
]

Quantity = Annotated[int, Field(ge=1, le=MAX_QUANTITY, examples=[2])]

Time = Annotated[
    datetime, Field(examples=["2026-11-21T12:00:00Z"], description="RFC 3339, in UTC.")
]

CurrencyCode = Annotated[
    str, Field(pattern=CURRENCY_PATTERN, examples=["EUR"], description="An ISO 4217 currency code.")
]

NextCursor = Annotated[
    str | None,
    Field(
        examples=["VEVBLUVBUkwtR1JFWQ"],
        description="The `cursor` of the next page; null on the last page.",
    ),
]


class MoneyInput(RequestBody):
    """An amount in whole minor units (cents) of a currency."""

    amount: Annotated[int, Field(ge=1, le=MAX_AMOUNT, examples=[1999])]
    currency: CurrencyCode

    @classmethod
    def of(cls, money: Money) -> Self:
        """Render money, for what is the same in requests and responses."""
        return cls(amount=money.amount, currency=money.currency)

    def to_money(self) -> Money:
        """Return the money; raise `InvalidValue` for an unknown currency."""
        return Money(amount=self.amount, currency=Currency(self.currency))


class PriceInput(MoneyInput):
    """The unit price of a product, in whole minor units (cents) of a currency."""

    amount: Annotated[int, Field(ge=1, le=MAX_PRICE, examples=[790])]


class MoneyResponse(ResponseBody):
    """An amount, in whole minor units (cents) of a currency."""

    amount: Annotated[int, Field(ge=-MAX_AMOUNT, le=MAX_AMOUNT, examples=[1999])]
    currency: CurrencyCode

    @classmethod
    def of(cls, money: Money) -> Self:
        """Render money."""
        return cls(amount=money.amount, currency=money.currency)
