"""Schemas of promotions, and of their codes for one order each."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Field

from shop.application.ports.paging import Page
from shop.application.pricing.promotion_codes import SingleUseCode
from shop.domain.pricing.goods import Selection
from shop.domain.pricing.promotions.effect import Target
from shop.domain.pricing.promotions.made_codes import (
    MAX_CODE_PREFIX_CHARACTERS,
    MAX_CODES_AT_ONCE,
    MadeCodes,
)
from shop.domain.pricing.promotions.promotion import Conditions, Promotion
from shop.domain.pricing.promotions.promotion_code import CODE_PATTERN, normalise_code
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.money import MAX_AMOUNT
from shop.entrypoints.http.api.rules.effect_schemas import EffectBody, effect_body, to_effect
from shop.entrypoints.http.api.rules.fields import (
    Amount,
    CategorySlugs,
    NewRuleName,
    NonNegativeMoneyInput,
    ProductHandles,
    RuleName,
    RuleSlug,
    RuleTime,
)
from shop.entrypoints.http.requests.cursors import encode_slug_cursor
from shop.entrypoints.http.schemas import (
    VISIBLE_CHARACTERS,
    MoneyResponse,
    NextCursor,
    RequestBody,
    ResponseBody,
    Time,
    is_none,
)
from shop.entrypoints.validation_messages import SINGLE_LINE_PATTERN

MAX_USES = 10**9
MAX_CODE_INPUT_CHARACTERS = 80

TargetName = Annotated[
    Literal["order", "lines"],
    Field(
        examples=["order"],
        description="Whether an amount or a price is for the lines together or for each piece.",
    ),
]
Limit = Annotated[int, Field(ge=1, le=MAX_USES, examples=[100])]
Used = Annotated[int, Field(ge=0, le=MAX_AMOUNT, examples=[0])]
Code = Annotated[str, Field(pattern=CODE_PATTERN, examples=["WELCOME10"])]


def _normalise(text: str) -> str:
    try:
        return normalise_code(text)
    except InvalidValue as error:
        raise ValueError(error.rule) from error


CodeInput = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_CODE_INPUT_CHARACTERS,
        pattern=SINGLE_LINE_PATTERN,
        examples=["WELCOME10"],
        description="3 to 40 letters, digits, `-` or `_`; the case does not matter.",
    ),
    VISIBLE_CHARACTERS,
    AfterValidator(_normalise),
]
CodePrefix = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_CODE_PREFIX_CHARACTERS,
        pattern=SINGLE_LINE_PATTERN,
        examples=["SPRING"],
    ),
    VISIBLE_CHARACTERS,
    AfterValidator(_normalise),
]


class ConditionsInput(RequestBody):
    """What must be true of a cart and its customer; without members, nothing."""

    minimum: Annotated[
        NonNegativeMoneyInput | None,
        Field(
            examples=[{"amount": 2000, "currency": "EUR"}],
            description="At list prices, of the lines that these conditions name, or of all.",
        ),
    ] = None
    first_order: Annotated[bool, Field(examples=[False])] = False
    group: Annotated[RuleSlug | None, Field(examples=[None])] = None
    products: Annotated[ProductHandles | None, Field(examples=[None])] = None
    categories: Annotated[CategorySlugs | None, Field(examples=[None])] = None

    def to_conditions(self) -> Conditions:
        """Return the conditions."""
        return Conditions(
            minimum=None if self.minimum is None else self.minimum.to_money(),
            is_for_first_order=self.first_order,
            group=self.group,
            selection=_selection(self.products, self.categories),
        )


class ConditionsResponse(ResponseBody):
    """What must be true of a cart and its customer."""

    minimum: Annotated[Amount | None, Field(exclude_if=is_none)]
    first_order: bool
    group: Annotated[RuleSlug | None, Field(exclude_if=is_none)]
    products: Annotated[ProductHandles | None, Field(exclude_if=is_none)]
    categories: Annotated[CategorySlugs | None, Field(exclude_if=is_none)]

    @classmethod
    def of(cls, conditions: Conditions) -> Self:
        """Render conditions."""
        minimum = conditions.minimum
        return cls(
            minimum=None if minimum is None else MoneyResponse.of(minimum),
            first_order=conditions.is_for_first_order,
            group=conditions.group,
            products=sorted(conditions.selection.products) or None,
            categories=sorted(conditions.selection.categories) or None,
        )


class PromotionDescription(RequestBody):
    """The content of a promotion; without a code it is automatic."""

    name: Annotated[NewRuleName, Field(examples=["Ten per cent for you"])]
    code: Annotated[CodeInput | None, Field(examples=["WELCOME10"])] = None
    active: Annotated[bool, Field(examples=[True])]
    starts_at: Annotated[RuleTime | None, Field(examples=["2026-11-21"])] = None
    ends_at: Annotated[
        RuleTime | None,
        Field(examples=["2027-01-01T00:00:00Z"], description="The promotion ends just before."),
    ] = None
    conditions: ConditionsInput
    effect: EffectBody
    target: TargetName
    products: Annotated[
        ProductHandles | None,
        Field(examples=[["TEA-EARL-GREY"]], description="What the effect is for."),
    ] = None
    categories: Annotated[CategorySlugs | None, Field(examples=[None])] = None
    combinable: Annotated[
        bool, Field(examples=[True], description="Whether others may apply beside it.")
    ]
    limit: Annotated[
        Limit | None, Field(examples=[100], description="How many orders can have it.")
    ] = None
    limit_per_customer: Annotated[Limit | None, Field(examples=[1])] = None

    def to_rule(self, slug: str) -> Promotion:
        """Return the promotion; raise `InvalidValue`."""
        return Promotion(
            slug=slug,
            name=self.name,
            requires_code=self.code is not None,
            active=self.active,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            conditions=self.conditions.to_conditions(),
            effect=to_effect(self.effect),
            target=Target(self.target),
            selection=_selection(self.products, self.categories),
            combinable=self.combinable,
            limit=self.limit,
            limit_per_customer=self.limit_per_customer,
            code=self.code,
        )


class PromotionResponse(ResponseBody):
    """A promotion, and how many orders have it."""

    slug: Annotated[RuleSlug, Field(examples=["welcome"])]
    name: RuleName
    code: Annotated[Code | None, Field(exclude_if=is_none)]
    active: bool
    starts_at: Annotated[Time | None, Field(exclude_if=is_none)]
    ends_at: Annotated[Time | None, Field(exclude_if=is_none)]
    conditions: ConditionsResponse
    effect: EffectBody
    target: TargetName
    products: Annotated[ProductHandles | None, Field(exclude_if=is_none)]
    categories: Annotated[CategorySlugs | None, Field(exclude_if=is_none)]
    combinable: bool
    limit: Annotated[Limit | None, Field(exclude_if=is_none)]
    limit_per_customer: Annotated[Limit | None, Field(exclude_if=is_none)]
    used: Used

    @classmethod
    def of(cls, promotion: Promotion, used: int) -> Self:
        """Render a promotion."""
        return cls(
            slug=promotion.slug,
            name=promotion.name,
            code=promotion.code,
            active=promotion.active,
            starts_at=promotion.starts_at,
            ends_at=promotion.ends_at,
            conditions=ConditionsResponse.of(promotion.conditions),
            effect=effect_body(promotion.effect),
            target=promotion.target.value,
            products=sorted(promotion.selection.products) or None,
            categories=sorted(promotion.selection.categories) or None,
            combinable=promotion.combinable,
            limit=promotion.limit,
            limit_per_customer=promotion.limit_per_customer,
            used=used,
        )


class NewCodes(RequestBody):
    """How many codes to make, and how they begin."""

    count: Annotated[int, Field(ge=1, le=MAX_CODES_AT_ONCE, examples=[2])]
    prefix: Annotated[CodePrefix | None, Field(examples=["SPRING"])] = None


class MadeCodesResponse(ResponseBody):
    """Codes that were made, each for one order."""

    codes: list[Code]

    @classmethod
    def of(cls, made: MadeCodes) -> Self:
        """Render codes."""
        return cls(codes=list(made.codes))


class SingleUseCodeResponse(ResponseBody):
    """A code for one order, and the order that has it."""

    code: Code
    order_id: Annotated[
        UUID | None,
        Field(
            exclude_if=is_none,
            examples=["01932b7e-8f3c-7a13-8a9b-28394a5b6c7d"],
        ),
    ]


class SingleUseCodeList(ResponseBody):
    """A page of codes that are for one order each, in alphabetical order."""

    items: list[SingleUseCodeResponse]
    next: NextCursor

    @classmethod
    def of(cls, page: Page[SingleUseCode, str]) -> Self:
        """Render a page of codes."""
        return cls(
            items=[
                SingleUseCodeResponse(code=each.code, order_id=each.order_id) for each in page.items
            ],
            next=encode_slug_cursor(page.next),
        )


def _selection(products: list[str] | None, categories: list[str] | None) -> Selection:
    return Selection(products=frozenset(products or ()), categories=frozenset(categories or ()))
