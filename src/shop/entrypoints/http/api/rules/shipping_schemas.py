"""Schemas of shipping zones and shipping methods."""

from typing import Annotated, Self

from pydantic import Field

from shop.domain.pricing.places import Area
from shop.domain.pricing.rule_document import MAX_RULE_NAME_CHARACTERS
from shop.domain.pricing.shipping.by_amount import AmountStep, ByAmount
from shop.domain.pricing.shipping.by_weight import ByWeight, WeightStep
from shop.domain.pricing.shipping.category_tax import CategoryTax
from shop.domain.pricing.shipping.highest_tax import HighestTax
from shop.domain.pricing.shipping.price_scale import PriceScale
from shop.domain.pricing.shipping.shared_tax import SharedTax
from shop.domain.pricing.shipping.shipping_method import ShippingMethod
from shop.domain.pricing.shipping.shipping_tax import ShippingTax
from shop.domain.pricing.shipping.shipping_zone import ShippingZone
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.tax_category import HIGHEST, SHARED
from shop.entrypoints.http.api.rules.fields import (
    Amount,
    CountryCode,
    NewRegions,
    NewRuleName,
    NonNegativeMoneyInput,
    PostalCode,
    PostalCodes,
    Region,
    RuleName,
    RuleSlug,
    TaxCategory,
)
from shop.entrypoints.http.schemas import (
    NEW_TEXT,
    MoneyResponse,
    RequestBody,
    ResponseBody,
    is_none,
)
from shop.entrypoints.validation_messages import SINGLE_LINE_PATTERN

MAX_COUNTRIES = 300
MAX_STEPS = 50
MAX_PARCEL_GRAMS = 10**8

Countries = Annotated[
    list[CountryCode], Field(min_length=1, max_length=MAX_COUNTRIES, examples=[["DE"]])
]
Weight = Annotated[int, Field(ge=0, le=MAX_PARCEL_GRAMS, examples=[5000])]
Estimate = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_RULE_NAME_CHARACTERS,
        pattern=SINGLE_LINE_PATTERN,
        examples=["2 to 3 days"],
        description="When the goods arrive, as customers read it.",
    ),
]
MethodTax = Annotated[
    TaxCategory,
    Field(
        examples=["shared"],
        description="`shared` among the rates of what ships, the `highest` of them, or a tax "
        "category of its own.",
    ),
]


class ShippingZoneDescription(RequestBody):
    """The content of a shipping zone: countries, or the parts of them that are named."""

    name: Annotated[NewRuleName, Field(examples=["Germany"])]
    countries: Countries
    regions: Annotated[NewRegions | None, Field(examples=[None])] = None
    postal_codes: Annotated[PostalCodes | None, Field(examples=[None])] = None

    def to_rule(self, slug: str) -> ShippingZone:
        """Return the zone; raise `InvalidValue`."""
        return ShippingZone(
            slug=slug,
            name=self.name,
            area=Area(
                countries=frozenset(self.countries),
                regions=frozenset(self.regions or ()),
                postal_codes=frozenset(self.postal_codes or ()),
            ),
        )


class ShippingZoneResponse(ResponseBody):
    """A shipping zone."""

    slug: RuleSlug
    name: RuleName
    countries: Countries
    regions: Annotated[list[Region] | None, Field(exclude_if=is_none)]
    postal_codes: Annotated[list[PostalCode] | None, Field(exclude_if=is_none)]

    @classmethod
    def of(cls, zone: ShippingZone, used: int) -> Self:
        """Render a shipping zone."""
        del used
        return cls(
            slug=zone.slug,
            name=zone.name,
            countries=sorted(zone.area.countries),
            regions=sorted(zone.area.regions) or None,
            postal_codes=sorted(zone.area.postal_codes) or None,
        )


class ShippingPriceInput(RequestBody):
    """A price of shipping from a weight or an amount of the goods on."""

    from_weight_grams: Annotated[Weight | None, Field(examples=[5000])] = None
    from_amount: Annotated[NonNegativeMoneyInput | None, Field(examples=[None])] = None
    price: NonNegativeMoneyInput


class ShippingPriceResponse(ResponseBody):
    """A price of shipping from a weight or an amount of the goods on."""

    from_weight_grams: Annotated[Weight | None, Field(exclude_if=is_none)]
    from_amount: Annotated[Amount | None, Field(exclude_if=is_none)]
    price: MoneyResponse


class ShippingMethodDescription(RequestBody):
    """The content of a shipping method: all prices by weight, or all by amount."""

    name: Annotated[NewRuleName, Field(examples=["Parcel"])]
    zone: RuleSlug
    prices: Annotated[list[ShippingPriceInput], Field(min_length=1, max_length=MAX_STEPS)]
    free_from: Annotated[
        NonNegativeMoneyInput | None,
        Field(
            examples=[{"amount": 5000, "currency": "EUR"}],
            description="From this amount of what ships on, after discounts, shipping is free.",
        ),
    ] = None
    pick_up: Annotated[
        bool, Field(examples=[False], description="Whether customers collect the goods.")
    ] = False
    tax: MethodTax
    estimate: Annotated[Estimate | None, NEW_TEXT, Field(examples=["2 to 3 days"])] = None
    active: Annotated[bool, Field(examples=[True], description="Whether it is offered.")]

    def to_rule(self, slug: str) -> ShippingMethod:
        """Return the method; raise `InvalidValue`."""
        return ShippingMethod(
            code=slug,
            name=self.name,
            zone=self.zone,
            prices=self._scale(),
            free_from=None if self.free_from is None else self.free_from.to_money(),
            is_pick_up=self.pick_up,
            tax=_tax(self.tax),
            active=self.active,
            estimate=self.estimate,
        )

    def _scale(self) -> PriceScale:
        by_weight = [each for each in self.prices if each.from_amount is None]
        if not by_weight:
            return ByAmount(steps=tuple(map(_amount_step, self.prices)))
        if len(by_weight) < len(self.prices):
            raise InvalidValue(field="prices", rule="must be all by weight, or all by amount")
        return ByWeight(steps=tuple(map(_weight_step, self.prices)))


class ShippingMethodResponse(ResponseBody):
    """A shipping method."""

    code: Annotated[RuleSlug, Field(examples=["parcel"])]
    name: RuleName
    zone: RuleSlug
    prices: list[ShippingPriceResponse]
    free_from: Annotated[Amount | None, Field(exclude_if=is_none)]
    pick_up: bool
    tax: MethodTax
    estimate: Annotated[Estimate | None, Field(exclude_if=is_none)]
    active: bool

    @classmethod
    def of(cls, method: ShippingMethod, used: int) -> Self:
        """Render a shipping method."""
        del used
        free_from = method.free_from
        return cls(
            code=method.code,
            name=method.name,
            zone=method.zone,
            prices=_prices(method.prices),
            free_from=None if free_from is None else MoneyResponse.of(free_from),
            pick_up=method.is_pick_up,
            tax=_tax_name(method.tax),
            estimate=method.estimate,
            active=method.active,
        )


def _weight_step(step: ShippingPriceInput) -> WeightStep:
    return WeightStep(from_weight_grams=step.from_weight_grams or 0, price=step.price.to_money())


def _amount_step(step: ShippingPriceInput) -> AmountStep:
    if step.from_amount is None or step.from_weight_grams is not None:
        raise InvalidValue(field="prices", rule="must be all by weight, or all by amount")
    return AmountStep(from_amount=step.from_amount.to_money(), price=step.price.to_money())


def _prices(scale: PriceScale) -> list[ShippingPriceResponse]:
    match scale:
        case ByWeight(steps=steps):
            return [
                ShippingPriceResponse(
                    from_weight_grams=step.from_weight_grams,
                    from_amount=None,
                    price=MoneyResponse.of(step.price),
                )
                for step in steps
            ]
        case ByAmount(steps=amount_steps):
            return [
                ShippingPriceResponse(
                    from_weight_grams=None,
                    from_amount=MoneyResponse.of(step.from_amount),
                    price=MoneyResponse.of(step.price),
                )
                for step in amount_steps
            ]
    raise TypeError(f"{scale} has no schema")


def _tax(name: str) -> ShippingTax:
    kinds: dict[str, ShippingTax] = {SHARED: SharedTax(), HIGHEST: HighestTax()}
    return kinds.get(name) or CategoryTax(category=name)


def _tax_name(tax: ShippingTax) -> str:
    match tax:
        case SharedTax():
            return SHARED
        case HighestTax():
            return HIGHEST
        case CategoryTax(category=category):
            return category
    raise TypeError(f"{tax} has no schema")
