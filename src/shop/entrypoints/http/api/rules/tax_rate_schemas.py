"""Schemas of tax rates."""

from typing import Annotated, Self

from pydantic import Field

from shop.domain.pricing.percentages import format_percentage, parse_percentage
from shop.domain.pricing.places import Area
from shop.domain.pricing.rule_document import MAX_RULE_NAME_CHARACTERS
from shop.domain.pricing.taxes.tax_rate import TaxRate
from shop.entrypoints.http.api.rules.fields import (
    CountryCode,
    NewRuleName,
    PercentageText,
    PostalCode,
    PostalCodes,
    Region,
    RuleName,
    RuleSlug,
    RuleTime,
    TaxCategory,
)
from shop.entrypoints.http.schemas import NEW_TEXT, RequestBody, ResponseBody, Time, is_none
from shop.entrypoints.validation_messages import SINGLE_LINE_PATTERN

Reason = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_RULE_NAME_CHARACTERS,
        pattern=SINGLE_LINE_PATTERN,
        examples=["exempt"],
        description="Why nothing is taxed; only with the rate 0.",
    ),
]


class TaxRateDescription(RequestBody):
    """The content of a tax rate: for a category of goods, in an area, for a time."""

    name: NewRuleName
    category: TaxCategory
    country: CountryCode
    region: Annotated[Region | None, NEW_TEXT, Field(examples=["Bayern"])] = None
    postal_codes: Annotated[PostalCodes | None, Field(examples=[["10*"]])] = None
    rate: PercentageText
    valid_from: Annotated[RuleTime | None, Field(examples=["2026-01-01T00:00:00Z"])] = None
    valid_until: Annotated[
        RuleTime | None,
        Field(examples=["2027-01-01T00:00:00Z"], description="The rate ends just before."),
    ] = None
    reason: Annotated[Reason | None, NEW_TEXT, Field(examples=[None])] = None

    def to_rule(self, slug: str) -> TaxRate:
        """Return the rate; raise `InvalidValue`."""
        return TaxRate(
            slug=slug,
            name=self.name,
            category=self.category,
            area=Area(
                countries=frozenset({self.country}),
                regions=frozenset() if self.region is None else frozenset({self.region}),
                postal_codes=frozenset(self.postal_codes or ()),
            ),
            rate=parse_percentage(self.rate, "rate"),
            valid_from=self.valid_from,
            valid_until=self.valid_until,
            reason=self.reason,
        )


class TaxRateResponse(ResponseBody):
    """A tax rate."""

    slug: RuleSlug
    name: RuleName
    category: TaxCategory
    country: CountryCode
    region: Annotated[Region | None, Field(exclude_if=is_none)]
    postal_codes: Annotated[list[PostalCode] | None, Field(exclude_if=is_none)]
    rate: PercentageText
    valid_from: Annotated[Time | None, Field(exclude_if=is_none)]
    valid_until: Annotated[Time | None, Field(exclude_if=is_none)]
    reason: Annotated[Reason | None, Field(exclude_if=is_none)]

    @classmethod
    def of(cls, rate: TaxRate, used: int) -> Self:
        """Render a tax rate."""
        del used
        (country,) = rate.area.countries
        return cls(
            slug=rate.slug,
            name=rate.name,
            category=rate.category,
            country=country,
            region=next(iter(rate.area.regions), None),
            postal_codes=sorted(rate.area.postal_codes) or None,
            rate=format_percentage(rate.rate),
            valid_from=rate.valid_from,
            valid_until=rate.valid_until,
            reason=rate.reason,
        )
