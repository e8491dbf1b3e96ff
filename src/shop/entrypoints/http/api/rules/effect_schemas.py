"""Schemas of what promotions do: one class for each kind of effect.

They are part of requests and of responses. A new kind is a class here, and its name in `_Kinds`.
"""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Annotated, Generic, Literal, Self, TypeVar, get_args

from pydantic import Field, ValidationError, ValidatorFunctionWrapHandler, WrapValidator
from pydantic_core import InitErrorDetails

from shop.domain.pricing.percentages import format_percentage, parse_percentage
from shop.domain.pricing.promotions.amount import Amount
from shop.domain.pricing.promotions.buy_x_get_y import MAX_PIECES, BuyXGetY
from shop.domain.pricing.promotions.effect import Effect
from shop.domain.pricing.promotions.fixed_price import FixedPrice
from shop.domain.pricing.promotions.free_shipping import FreeShipping
from shop.domain.pricing.promotions.percentage import Percentage
from shop.domain.pricing.promotions.tiers import Tier, Tiers
from shop.domain.shared.errors import InvalidValue, within
from shop.domain.shared.line_quantity import MAX_QUANTITY
from shop.entrypoints.http.api.rules.fields import (
    NonNegativeMoneyInput,
    PercentageText,
    PositiveMoneyInput,
)
from shop.entrypoints.http.schemas import RequestBody, is_none

E = TypeVar("E", bound=Effect)

MAX_TIERS = 20

Discount = Annotated[PercentageText, Field(examples=["10"])]
Pieces = Annotated[int, Field(ge=1, le=MAX_PIECES, examples=[2])]


class EffectSchema(RequestBody, Generic[E]):
    """One kind of effect."""

    @abstractmethod
    def to_effect(self) -> E:
        """Return the effect; raise `InvalidValue`."""

    @classmethod
    @abstractmethod
    def of(cls, effect: E) -> Self:
        """Render an effect of this kind."""


class PercentageEffect(EffectSchema[Percentage]):
    """A percentage off."""

    kind: Annotated[Literal["percentage"], Field(examples=["percentage"])]
    percentage: Discount

    def to_effect(self) -> Percentage:
        """Return the effect; raise `InvalidValue`."""
        return Percentage(percentage=parse_percentage(self.percentage, "percentage"))

    @classmethod
    def of(cls, effect: Percentage) -> Self:
        """Render a percentage."""
        return cls(kind="percentage", percentage=format_percentage(effect.percentage))


class AmountEffect(EffectSchema[Amount]):
    """An amount off the lines together, or off each piece."""

    kind: Annotated[Literal["amount"], Field(examples=["amount"])]
    amount: PositiveMoneyInput

    def to_effect(self) -> Amount:
        """Return the effect."""
        return Amount(amount=self.amount.to_money())

    @classmethod
    def of(cls, effect: Amount) -> Self:
        """Render an amount."""
        return cls(kind="amount", amount=PositiveMoneyInput.of(effect.amount))


class FixedPriceEffect(EffectSchema[FixedPrice]):
    """A price instead of the list price, for the lines together or for each piece."""

    kind: Annotated[Literal["fixed_price"], Field(examples=["fixed_price"])]
    price: NonNegativeMoneyInput

    def to_effect(self) -> FixedPrice:
        """Return the effect."""
        return FixedPrice(price=self.price.to_money())

    @classmethod
    def of(cls, effect: FixedPrice) -> Self:
        """Render a fixed price."""
        return cls(kind="fixed_price", price=NonNegativeMoneyInput.of(effect.price))


class FreeShippingEffect(EffectSchema[FreeShipping]):
    """Shipping for nothing."""

    kind: Annotated[Literal["free_shipping"], Field(examples=["free_shipping"])]

    def to_effect(self) -> FreeShipping:
        """Return the effect."""
        return FreeShipping()

    @classmethod
    def of(cls, effect: FreeShipping) -> Self:
        """Render free shipping."""
        del effect
        return cls(kind="free_shipping")


class BuyXGetYEffect(EffectSchema[BuyXGetY]):
    """For every `buy` pieces, `get` others with a percentage off: the cheapest."""

    kind: Annotated[Literal["buy_x_get_y"], Field(examples=["buy_x_get_y"])]
    buy: Pieces
    get: Pieces
    percentage: Discount

    def to_effect(self) -> BuyXGetY:
        """Return the effect; raise `InvalidValue`."""
        percentage = parse_percentage(self.percentage, "percentage")
        return BuyXGetY(buy=self.buy, get=self.get, percentage=percentage)

    @classmethod
    def of(cls, effect: BuyXGetY) -> Self:
        """Render buy X get Y."""
        percentage = format_percentage(effect.percentage)
        return cls(kind="buy_x_get_y", buy=effect.buy, get=effect.get, percentage=percentage)


class TierSchema(RequestBody):
    """A percentage from a quantity or from an amount at list prices on."""

    from_quantity: Annotated[
        int | None,
        Field(ge=1, le=MAX_QUANTITY, examples=[3], exclude_if=is_none),
    ] = None
    from_amount: Annotated[
        NonNegativeMoneyInput | None,
        Field(examples=[None], exclude_if=is_none),
    ] = None
    percentage: Discount

    def to_tier(self, index: int) -> Tier:
        """Return the tier at this place; raise `InvalidValue`."""
        with within(f"tiers/{index}"):
            if (self.from_quantity is None) is (self.from_amount is None):
                rule = "must be given, or from_amount instead"
                raise InvalidValue(field="from_quantity", rule=rule)
            return Tier(
                percentage=parse_percentage(self.percentage, "percentage"),
                from_quantity=self.from_quantity,
                from_amount=None if self.from_amount is None else self.from_amount.to_money(),
            )

    @classmethod
    def of(cls, tier: Tier) -> Self:
        """Render a tier."""
        amount = tier.from_amount
        return cls(
            from_quantity=tier.from_quantity,
            from_amount=None if amount is None else NonNegativeMoneyInput.of(amount),
            percentage=format_percentage(tier.percentage),
        )


class TiersEffect(EffectSchema[Tiers]):
    """A percentage that grows with the quantity or with the amount."""

    kind: Annotated[Literal["tiers"], Field(examples=["tiers"])]
    tiers: Annotated[list[TierSchema], Field(min_length=1, max_length=MAX_TIERS)]

    def to_effect(self) -> Tiers:
        """Return the effect; raise `InvalidValue` unless the tiers ascend."""
        tiers = tuple(each.to_tier(index) for index, each in enumerate(self.tiers))
        quantities = [tier.from_quantity for tier in tiers if tier.from_quantity is not None]
        amounts = [tier.from_amount.amount for tier in tiers if tier.from_amount is not None]
        is_mixed = quantities and amounts
        starts = quantities or amounts
        if is_mixed or starts != sorted(set(starts)):
            rule = "must have ascending quantities, or ascending amounts"
            raise InvalidValue(field="tiers", rule=rule)
        return Tiers(tiers=tiers)

    @classmethod
    def of(cls, effect: Tiers) -> Self:
        """Render tiers."""
        return cls(kind="tiers", tiers=[TierSchema.of(each) for each in effect.tiers])


_Kinds = (
    PercentageEffect
    | AmountEffect
    | FixedPriceEffect
    | FreeShippingEffect
    | BuyXGetYEffect
    | TiersEffect
)


def _without_kind(value: object, validate: ValidatorFunctionWrapHandler) -> object:
    """Validate an effect; the places of its faults do not have the name of its kind."""
    try:
        return validate(value)
    except ValidationError as error:
        faults = [
            InitErrorDetails(
                type=fault["type"],
                loc=fault["loc"][1:],
                input=fault["input"],
                ctx=fault.get("ctx", {}),
            )
            for fault in error.errors(include_url=False)
        ]
        raise ValidationError.from_exception_data("effect", faults) from None


EffectBody = Annotated[
    Annotated[_Kinds, Field(discriminator="kind")],
    WrapValidator(_without_kind),
    Field(examples=[{"kind": "percentage", "percentage": "10.000"}]),
]

_SCHEMAS: Mapping[str, type[_Kinds]] = {
    get_args(each.model_fields["kind"].annotation)[0]: each for each in get_args(_Kinds)
}


def to_effect(given: EffectBody) -> Effect:
    """Return the effect; raise `InvalidValue` with its place in the document."""
    with within("effect"):
        return given.to_effect()


def effect_body(effect: Effect) -> EffectBody:
    """Render an effect."""
    schema: type[EffectSchema[Effect]] = _SCHEMAS[effect.kind]  # type: ignore[assignment]  # Of its kind.
    return schema.of(effect)  # type: ignore[return-value]  # As above.
