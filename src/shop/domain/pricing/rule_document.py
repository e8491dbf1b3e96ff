"""Rules as staff save them: one document for each, of four kinds."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shop.domain.pricing.promotions.promotion import Promotion
from shop.domain.pricing.shipping.shipping_method import ShippingMethod
from shop.domain.pricing.shipping.shipping_zone import ShippingZone
from shop.domain.pricing.taxes.tax_rate import TaxRate
from shop.domain.shared.errors import Conflict, NotFound
from shop.domain.shared.tax_category import TAX_CATEGORY_PATTERN
from shop.domain.shared.value import value

MAX_RULE_SLUG_CHARACTERS = 63
MAX_RULE_NAME_CHARACTERS = 100
RULE_SLUG_PATTERN = TAX_CATEGORY_PATTERN
"""Slugs and tax categories are written alike."""

Rule = TaxRate | ShippingZone | ShippingMethod | Promotion


class RuleKind(StrEnum):
    """The kinds of rules; slugs are unique within one."""

    TAX_RATE = "tax_rate"
    SHIPPING_ZONE = "shipping_zone"
    SHIPPING_METHOD = "shipping_method"
    PROMOTION = "promotion"


_KINDS: Mapping[type[Rule], RuleKind] = {
    TaxRate: RuleKind.TAX_RATE,
    ShippingZone: RuleKind.SHIPPING_ZONE,
    ShippingMethod: RuleKind.SHIPPING_METHOD,
    Promotion: RuleKind.PROMOTION,
}


@value
class RuleDocument:
    """A rule with its history; one that was archived no longer applies.

    `version` is that which all rules together got with the last change of this one.
    """

    rule: Rule
    version: int
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None = None

    @property
    def kind(self) -> RuleKind:
        """What kind of rule it is."""
        return _KINDS[type(self.rule)]

    @property
    def slug(self) -> str:
        """The name of the rule, unique within its kind."""
        return slug_of(self.rule)


def slug_of(rule: Rule) -> str:
    """Return the name of a rule, unique within its kind; that of a method is its code."""
    return rule.code if isinstance(rule, ShippingMethod) else rule.slug


@dataclass(kw_only=True, unsafe_hash=True)
class TaxRateNotFound(NotFound):
    """The tax rate does not exist, or has been deleted."""

    slug: str

    code = "tax-rate-not-found"
    message = "There is no tax rate {slug}."


@dataclass(kw_only=True, unsafe_hash=True)
class ShippingZoneNotFound(NotFound):
    """The shipping zone does not exist, or has been deleted."""

    slug: str

    code = "shipping-zone-not-found"
    message = "There is no shipping zone {slug}."


@dataclass(kw_only=True, unsafe_hash=True)
class ShippingMethodNotFound(NotFound):
    """The shipping method does not exist, or has been deleted."""

    slug: str

    code = "shipping-method-not-found"
    message = "There is no shipping method {slug}."


@dataclass(kw_only=True, unsafe_hash=True)
class PromotionNotFound(NotFound):
    """The promotion does not exist, or has been deleted."""

    slug: str

    code = "promotion-not-found"
    message = "There is no promotion {slug}."


@dataclass(kw_only=True, unsafe_hash=True)
class ZoneInUse(Conflict):
    """Shipping methods serve the zone, so it cannot be deleted."""

    slug: str
    methods: tuple[str, ...]

    code = "zone-in-use"
    message = "Shipping methods serve the zone {slug}; delete them or give them another zone first."


class SellerCountryUnknown(Conflict):
    """The shop cannot tax a sale before it knows where the seller is."""

    is_final = False

    code = "seller-country-unknown"
    message = "The shop does not know the seller's country; its operator sets SHOP_COUNTRY first."


_NOT_FOUND: Mapping[RuleKind, type[NotFound]] = {
    RuleKind.TAX_RATE: TaxRateNotFound,
    RuleKind.SHIPPING_ZONE: ShippingZoneNotFound,
    RuleKind.SHIPPING_METHOD: ShippingMethodNotFound,
    RuleKind.PROMOTION: PromotionNotFound,
}


def not_found_error(kind: RuleKind) -> type[NotFound]:
    """Return the class of the error for a rule that does not exist."""
    return _NOT_FOUND[kind]


def rule_not_found(kind: RuleKind, slug: str) -> NotFound:
    """Return the error for a rule that does not exist."""
    match kind:
        case RuleKind.TAX_RATE:
            return TaxRateNotFound(slug=slug)
        case RuleKind.SHIPPING_ZONE:
            return ShippingZoneNotFound(slug=slug)
        case RuleKind.SHIPPING_METHOD:
            return ShippingMethodNotFound(slug=slug)
        case RuleKind.PROMOTION:
            return PromotionNotFound(slug=slug)
