"""Field types that the documents of all rules share."""

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

from shop.domain.catalogue.category import CATEGORY_SLUG_PATTERN, MAX_CATEGORY_SLUG_CHARACTERS
from shop.domain.catalogue.variant import MAX_PRICE
from shop.domain.pricing.percentages import PERCENTAGE_PATTERN
from shop.domain.pricing.places import COUNTRY_PATTERN, POSTAL_CODE_PATTERN
from shop.domain.pricing.rule_document import (
    MAX_RULE_NAME_CHARACTERS,
    MAX_RULE_SLUG_CHARACTERS,
    RULE_SLUG_PATTERN,
)
from shop.domain.shared.tax_category import MAX_TAX_CATEGORY_CHARACTERS, TAX_CATEGORY_PATTERN
from shop.entrypoints.http.schemas import NEW_TEXT, MoneyInput, MoneyResponse, Sku
from shop.entrypoints.validation_messages import (
    RULE_TIME,
    RULE_TIME_PATTERN,
    SINGLE_LINE_PATTERN,
)

MAX_POSTAL_CODES = 1_000
MAX_REGIONS = 100
MAX_POSTAL_CODE_CHARACTERS = 12
MAX_REGION_CHARACTERS = 100
MAX_SELECTED = 500
"""How many products or categories one rule may name."""

_TIME = re.compile(RULE_TIME_PATTERN.removesuffix("$"), re.ASCII)

RuleSlug = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_RULE_SLUG_CHARACTERS,
        pattern=RULE_SLUG_PATTERN,
        examples=["germany"],
    ),
]
RuleName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_RULE_NAME_CHARACTERS,
        pattern=SINGLE_LINE_PATTERN,
        examples=["VAT 19 %"],
    ),
]
NewRuleName = Annotated[RuleName, NEW_TEXT]
CountryCode = Annotated[
    str, Field(pattern=COUNTRY_PATTERN, examples=["DE"], description="By ISO 3166.")
]
Region = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_REGION_CHARACTERS,
        pattern=SINGLE_LINE_PATTERN,
        examples=["Bayern"],
        description="As addresses have it; the case does not matter.",
    ),
]
NewRegion = Annotated[Region, NEW_TEXT]
PostalCode = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_POSTAL_CODE_CHARACTERS,
        pattern=POSTAL_CODE_PATTERN,
        examples=["10*"],
        description="A postal code, or with `*` all that begin so.",
    ),
]
NewRegions = Annotated[list[NewRegion], Field(min_length=1, max_length=MAX_REGIONS)]
PostalCodes = Annotated[list[PostalCode], Field(min_length=1, max_length=MAX_POSTAL_CODES)]
TaxCategory = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_TAX_CATEGORY_CHARACTERS,
        pattern=TAX_CATEGORY_PATTERN,
        examples=["standard"],
        description="What variants name as their `tax_category`.",
    ),
]
PercentageText = Annotated[
    str,
    Field(
        pattern=PERCENTAGE_PATTERN,
        examples=["19.000"],
        description="Per cent, with at most three decimals.",
    ),
]
ProductHandles = Annotated[
    list[Sku], Field(min_length=1, max_length=MAX_SELECTED, examples=[["TEA-EARL-GREY"]])
]
CategorySlugs = Annotated[
    list[
        Annotated[
            str,
            Field(
                min_length=1,
                max_length=MAX_CATEGORY_SLUG_CHARACTERS,
                pattern=CATEGORY_SLUG_PATTERN,
                examples=["tea"],
            ),
        ]
    ],
    Field(min_length=1, max_length=MAX_SELECTED, examples=[["tea"]]),
]


def _parse_time(value: object) -> object:
    """Return the time in UTC; a date alone is its beginning."""
    if not isinstance(value, str):
        return value
    error = ValueError(RULE_TIME)
    if not _TIME.fullmatch(value):
        raise error
    try:
        time = datetime.fromisoformat(value.upper())
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise error from None


RuleTime = Annotated[
    datetime,
    BeforeValidator(_parse_time),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": RULE_TIME_PATTERN,
            "examples": ["2026-11-21T12:00:00Z"],
            "description": "RFC 3339; a date alone is its beginning in UTC.",
        }
    ),
]


class NonNegativeMoneyInput(MoneyInput):
    """An amount from 0 on, in whole minor units (cents) of the shop's currency."""

    amount: Annotated[int, Field(ge=0, le=MAX_PRICE, examples=[490])]


class PositiveMoneyInput(MoneyInput):
    """An amount from 1 on, in whole minor units (cents) of the shop's currency."""

    amount: Annotated[int, Field(ge=1, le=MAX_PRICE, examples=[500])]


Amount = Annotated[MoneyResponse, Field(examples=[{"amount": 490, "currency": "EUR"}])]
