"""Rules of prices as JSON: the fields of the domain's values, by name.

Nothing here knows the fields of a rule. A value of several kinds has the name of its kind beside
its fields; money is its amount and currency, a time is text (RFC 3339). A field that a stored rule
does not have yet gets its default.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import Field, fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from types import UnionType
from typing import Any, cast, get_args, get_origin, get_type_hints

from shop.domain.pricing.promotions.amount import Amount
from shop.domain.pricing.promotions.buy_x_get_y import BuyXGetY
from shop.domain.pricing.promotions.effect import Effect, Target
from shop.domain.pricing.promotions.fixed_price import FixedPrice
from shop.domain.pricing.promotions.free_shipping import FreeShipping
from shop.domain.pricing.promotions.percentage import Percentage
from shop.domain.pricing.promotions.promotion import Promotion
from shop.domain.pricing.promotions.tiers import Tiers
from shop.domain.pricing.rule_document import Rule, RuleKind
from shop.domain.pricing.shipping.by_amount import ByAmount
from shop.domain.pricing.shipping.by_weight import ByWeight
from shop.domain.pricing.shipping.category_tax import CategoryTax
from shop.domain.pricing.shipping.highest_tax import HighestTax
from shop.domain.pricing.shipping.price_scale import PriceScale
from shop.domain.pricing.shipping.shared_tax import SharedTax
from shop.domain.pricing.shipping.shipping_method import ShippingMethod
from shop.domain.pricing.shipping.shipping_tax import ShippingTax
from shop.domain.pricing.shipping.shipping_zone import ShippingZone
from shop.domain.pricing.taxes.tax_rate import TaxRate
from shop.domain.shared.money import Currency

Json = Mapping[str, Any]
Decode = Callable[[Any], Any]

KIND = "kind"

_EFFECTS = (Amount, BuyXGetY, FixedPrice, FreeShipping, Percentage, Tiers)

KINDS: Mapping[type, Mapping[str, type]] = {
    Effect: {effect.kind: effect for effect in _EFFECTS},
    PriceScale: {"by_amount": ByAmount, "by_weight": ByWeight},
    ShippingTax: {"category": CategoryTax, "highest": HighestTax, "shared": SharedTax},
}
"""The kinds of each value that has several, by the name that is stored."""

_KIND_NAMES = {kind: name for kinds in KINDS.values() for name, kind in kinds.items()}

_RULES: Mapping[RuleKind, type[Rule]] = {
    RuleKind.TAX_RATE: TaxRate,
    RuleKind.SHIPPING_ZONE: ShippingZone,
    RuleKind.SHIPPING_METHOD: ShippingMethod,
    RuleKind.PROMOTION: Promotion,
}


def to_document(rule: Rule) -> Json:
    """Return a rule as JSON."""
    return cast("Json", _encode(rule))


def to_rule(kind: RuleKind, document: Json) -> Rule:
    """Return the rule of a document."""
    return cast("Rule", _decoder(cast("Any", _RULES[kind]))(document))


def _unchanged(raw: Any) -> Any:  # noqa: ANN401  A text, a number or null.
    return raw


_DECODERS: Mapping[Any, Decode] = {
    datetime: datetime.fromisoformat,
    Currency: Currency,
    Target: Target,
}


def _encode(value: Any) -> Any:  # noqa: ANN401  Any field of a rule.
    if is_dataclass(value):
        members = {each.name: _encode(getattr(value, each.name)) for each in _stored(type(value))}
        name = _KIND_NAMES.get(type(value))
        return members if name is None else {KIND: name, **members}
    match value:
        case datetime():
            return value.isoformat()
        case StrEnum():
            return value.value
        case frozenset():
            return sorted(value)
        case tuple():
            return [_encode(each) for each in value]
        case _:
            return value


@cache
def _decoder(hint: Any) -> Decode:  # noqa: ANN401  Any annotation.
    """Return what makes a value of this type of its JSON."""
    if hint in KINDS:
        decoders = {name: _decoder(kind) for name, kind in KINDS[hint].items()}
        return lambda raw: decoders[raw[KIND]](raw)
    if is_dataclass(hint):
        return _value_decoder(cast("type", hint))
    collection = get_origin(hint)
    if collection is None:
        return _DECODERS.get(hint, _unchanged)
    items = [_decoder(each) for each in get_args(hint) if each not in (type(None), ...)]
    (decode_item,) = items
    if collection is UnionType:
        return lambda raw: None if raw is None else decode_item(raw)
    make = cast("Callable[[Iterable[Any]], Any]", collection)
    return lambda raw: make(map(decode_item, raw))


def _value_decoder(kind: type) -> Decode:
    hints = get_type_hints(kind)
    decoders = {each.name: _decoder(hints[each.name]) for each in _stored(kind)}

    def decode(raw: Json) -> Any:  # noqa: ANN401  A value of this kind.
        given = {name: each(raw[name]) for name, each in decoders.items() if name in raw}
        return kind(**given)

    return decode


def _stored(kind: type) -> Iterable[Field[Any]]:
    """Return the fields that are not computed of others."""
    return [each for each in fields(kind) if each.init]
