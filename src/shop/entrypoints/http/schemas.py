"""What all schemas share: strictness, and the words of which they are made."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from shop.domain.cart import MAX_QUANTITY
from shop.domain.payment import MAX_TOKEN_CHARACTERS
from shop.domain.product import MAX_PRICE, MAX_SKU_CHARACTERS, SKU_PATTERN
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.money import MAX_AMOUNT, Currency, Money
from shop.domain.user import MAX_EMAIL_CHARACTERS, normalise_email

SINGLE_LINE_PATTERN = r"^[^\x00-\x1f\x7f-\x9f]*$"
"""Text without control characters, and thus in one line."""

MULTILINE_TEXT_PATTERN = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$"
"""Text without control characters but tabs and line ends."""


class RequestBody(BaseModel):
    """What a request says: nothing unknown, nothing converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class EmptyBody(RequestBody):
    """An empty object."""


class QueryParameters(BaseModel):
    """What a request asks in its address. That is text, so numbers are read from it."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ResponseBody(BaseModel):
    """What the shop says."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


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
        description="The stock keeping unit: what a product is called for good.",
    ),
]

CardToken = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_TOKEN_CHARACTERS,
        pattern=r"^[A-Za-z0-9_-]+$",
        examples=["tok_visa"],
        description="What the gateway calls a card that the customer has shown it.",
    ),
]

ClientSecret = Annotated[
    str | None,
    Field(
        exclude_if=lambda secret: secret is None,
        examples=["pi_3Nc_secret_8fK"],
        description="There where the customer has to take a step at the gateway first, as the "
        "gateway's own library for browsers wants it.",
    ),
]

Quantity = Annotated[int, Field(ge=1, le=MAX_QUANTITY, examples=[2])]

Time = Annotated[
    datetime, Field(examples=["2026-11-21T12:00:00Z"], description="RFC 3339, in UTC.")
]

CurrencyCode = Annotated[
    str, Field(pattern=r"^[A-Z]{3}$", examples=["EUR"], description="A code of ISO 4217.")
]

NextCursor = Annotated[
    str | None,
    Field(
        examples=["VEVBLUVBUkwtR1JFWQ"],
        description="The `cursor` with which to ask for the next page; null on the last.",
    ),
]


class MoneyInput(RequestBody):
    """Money that is asked for or promised: whole minor units (cents) of a currency."""

    amount: Annotated[int, Field(ge=1, le=MAX_AMOUNT, examples=[1999])]
    currency: CurrencyCode

    def to_money(self) -> Money:
        """Return the money; raise `InvalidValue` for a currency that there is not."""
        return Money(amount=self.amount, currency=Currency(self.currency))


class PriceInput(MoneyInput):
    """What one piece of a product costs, in whole minor units (cents) of a currency."""

    amount: Annotated[int, Field(ge=1, le=MAX_PRICE, examples=[790])]


class MoneyResponse(ResponseBody):
    """Money, in whole minor units (cents) of a currency."""

    amount: Annotated[int, Field(ge=-MAX_AMOUNT, le=MAX_AMOUNT, examples=[1999])]
    currency: CurrencyCode

    @classmethod
    def of(cls, money: Money) -> Self:
        """Render money."""
        return cls(amount=money.amount, currency=money.currency)
