"""Schemas of what carts and orders cost: sums, taxes and discounts."""

from typing import Annotated, Self

from pydantic import Field

from shop.domain.pricing.percentages import format_percentage
from shop.domain.pricing.promotions.promotion_code import CODE_PATTERN
from shop.domain.pricing.quoted import QuotedDiscount, QuotedTax, Totals
from shop.domain.shared.money import Currency
from shop.entrypoints.http.api.rules.fields import PercentageText, RuleName, RuleSlug
from shop.entrypoints.http.schemas import MoneyResponse, ResponseBody, is_none

PromotionCode = Annotated[
    str,
    Field(
        pattern=CODE_PATTERN,
        examples=["WELCOME10"],
        description="The code of a promotion, in capital letters.",
    ),
]


class TotalsResponse(ResponseBody):
    """The sums of a cart or an order.

    `total` is `subtotal` less `discount`, plus `shipping`, plus `tax` unless prices include it.
    """

    subtotal: MoneyResponse
    discount: MoneyResponse
    shipping: Annotated[MoneyResponse, Field(description="Before discounts.")]
    tax: MoneyResponse
    total: MoneyResponse
    prices_include_tax: Annotated[bool, Field(examples=[True])]

    @classmethod
    def of(cls, totals: Totals, currency: Currency) -> Self:
        """Render sums."""
        return cls(
            subtotal=_money(totals.subtotal, currency),
            discount=_money(totals.discount, currency),
            shipping=_money(totals.shipping, currency),
            tax=_money(totals.tax, currency),
            total=_money(totals.total, currency),
            prices_include_tax=totals.prices_include_tax,
        )


class TaxResponse(ResponseBody):
    """The tax of one rate and reason."""

    name: RuleName
    rate: PercentageText
    base: Annotated[MoneyResponse, Field(description="What is taxed, without the tax.")]
    amount: MoneyResponse
    reason: Annotated[
        str | None,
        Field(examples=["reverse-charge"], description="Why nothing is taxed, if the rate is 0."),
    ]

    @classmethod
    def of(cls, tax: QuotedTax, currency: Currency) -> Self:
        """Render a tax."""
        return cls(
            name=tax.name,
            rate=format_percentage(tax.rate),
            base=_money(tax.base, currency),
            amount=_money(tax.amount, currency),
            reason=tax.reason,
        )


class DiscountResponse(ResponseBody):
    """What a promotion takes off, from lines and shipping together."""

    promotion: RuleSlug
    code: Annotated[PromotionCode | None, Field(exclude_if=is_none)]
    name: RuleName
    amount: MoneyResponse

    @classmethod
    def of(cls, discount: QuotedDiscount, currency: Currency) -> Self:
        """Render a discount."""
        return cls(
            promotion=discount.promotion,
            code=discount.code,
            name=discount.name,
            amount=_money(discount.amount, currency),
        )


def _money(amount: int, currency: Currency) -> MoneyResponse:
    return MoneyResponse(amount=amount, currency=currency)
