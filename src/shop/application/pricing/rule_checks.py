"""Checks rules against what else the shop has; all rules are locked."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import datetime

from shop.application.ports.postal_rules import PostalRules
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.pricing.pricing_policy import PricingPolicy
from shop.domain.pricing.goods import Selection
from shop.domain.pricing.places import Area
from shop.domain.pricing.promotions.promotion import Promotion
from shop.domain.pricing.rule_document import (
    Rule,
    RuleDocument,
    RuleKind,
    SellerCountryUnknown,
)
from shop.domain.pricing.shipping.category_tax import CategoryTax
from shop.domain.pricing.shipping.shipping_method import ShippingMethod
from shop.domain.pricing.shipping.shipping_zone import ShippingZone
from shop.domain.pricing.taxes.tax_categories import TaxCategories
from shop.domain.pricing.taxes.tax_rate import TaxRate
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.money import Money
from shop.domain.shared.tax_category import is_usual_tax_category
from shop.domain.shared.text import require_text

MAX_RULES_OF_A_KIND = 2_000
"""Every process keeps all rules in memory, and a quote looks at all promotions."""

MAX_AUTOMATIC_PROMOTIONS = 90
"""Each cart is checked for all of them, and its order can have all that are combinable."""

_UNNAMED = "steps"
"""The field whose name clients do not see."""


def checked_rule(rule: Rule, policy: PricingPolicy, postal_rules: PostalRules) -> Rule:
    """Check a rule by itself; return it with its regions as addresses have them.

    Raise `InvalidValue` or `SellerCountryUnknown`.
    """
    require_text(rule.name, "name")
    for path, amount in _amounts(rule, ""):
        if amount.currency != policy.currency:
            rule_text = f"must be {policy.currency}, not {amount.currency}"
            raise InvalidValue(field=f"{path}/currency", rule=rule_text)
    match rule:
        case TaxRate():
            if policy.home is None:
                raise SellerCountryUnknown
            require_text(rule.reason or "", "reason")
            area = _checked_area(rule.area, postal_rules, country="country", region="region")
            return replace(rule, area=area)
        case ShippingZone():
            area = _checked_area(rule.area, postal_rules, country="countries", region="regions")
            return replace(rule, area=area)
        case ShippingMethod():
            require_text(rule.estimate or "", "estimate")
        case Promotion():
            pass
    return rule


async def require_few_automatic(uow: UnitOfWork, promotion: Promotion, at: datetime) -> None:
    """Check that carts can have few promotions without a code; raise `InvalidValue`."""
    if not promotion.is_automatic(at):
        return
    others = await uow.rule_documents.of_kind(RuleKind.PROMOTION)
    automatic = [
        each.rule
        for each in others
        if each.slug != promotion.slug
        and isinstance(each.rule, Promotion)
        and each.rule.is_automatic(at)
    ]
    if len(automatic) >= MAX_AUTOMATIC_PROMOTIONS:
        rule = f"must be false; {MAX_AUTOMATIC_PROMOTIONS} promotions without a code are active"
        raise InvalidValue(field="active", rule=rule)


async def require_consistent(uow: UnitOfWork, document: RuleDocument) -> None:
    """Check a rule against the others and the catalogue; raise `InvalidValue`."""
    of_kind = await uow.rule_documents.of_kind(document.kind)
    others = [each for each in of_kind if each.slug != document.slug]
    before = next((each.rule for each in of_kind if each.slug == document.slug), None)
    if len(others) >= MAX_RULES_OF_A_KIND:
        rule_text = f"must be one of at most {MAX_RULES_OF_A_KIND}; delete those that have ended"
        raise InvalidValue(field="slug", rule=rule_text)
    match document.rule:
        case TaxRate() as rate:
            _require_no_overlap(rate, [each.rule for each in others])
        case ShippingZone():
            pass
        case ShippingMethod() as method:
            zones = await uow.rule_documents.of_kind(RuleKind.SHIPPING_ZONE)
            if method.zone not in {zone.slug for zone in zones}:
                rule_text = f"must be an existing shipping zone, not {method.zone}"
                raise InvalidValue(field="zone", rule=rule_text)
            if isinstance(method.tax, CategoryTax):
                await _require_tax_category(uow, method.tax, before)
        case Promotion() as promotion:
            await _require_selection(uow, promotion.selection, "")
            await _require_selection(uow, promotion.conditions.selection, "conditions/")


def find_overlap(rate: TaxRate, others: list[Rule]) -> TaxRate | None:
    """Return a rate that could apply to the same sale, and none of both is more precise."""
    return next(
        (each for each in others if isinstance(each, TaxRate) and rate.overlaps(each)), None
    )


def _require_no_overlap(rate: TaxRate, others: list[Rule]) -> None:
    other = find_overlap(rate, others)
    if other is None:
        return
    area = rate.area
    field = "postal_codes" if area.postal_codes else "region" if area.regions else "country"
    rule = f"must not overlap with that of the tax rate {other.slug} at the same time"
    raise InvalidValue(field=field, rule=rule)


def _checked_area(area: Area, postal_rules: PostalRules, *, country: str, region: str) -> Area:
    for code in sorted(area.countries):
        if not postal_rules.is_country(code):
            raise InvalidValue(field=country, rule=f"must be a country of ISO 3166, not {code}")
    regions: set[str] = set()
    for text in sorted(area.regions):
        require_text(text, region)
        found = (postal_rules.find_region(code, text) for code in sorted(area.countries))
        name = next((each for each in found if each is not None), None)
        if name is None:
            raise InvalidValue(field=region, rule=f"must be a region of the country, not {text}")
        regions.add(name)
    for pattern in sorted(area.postal_codes):
        if not any(postal_rules.can_match_postal_code(each, pattern) for each in area.countries):
            examples = map(postal_rules.postal_code_example, sorted(area.countries))
            example = next((f" such as {each}" for each in examples if each is not None), "")
            rule = f"must be postal codes of the country{example}, or beginnings, not {pattern}"
            raise InvalidValue(field="postal_codes", rule=rule)
    return replace(area, regions=frozenset(regions))


async def _require_selection(uow: UnitOfWork, selection: Selection, path: str) -> None:
    missing = sorted(selection.products - (await uow.products.get_many(selection.products)).keys())
    if missing:
        rule = f"must be existing products, not {missing[0]}"
        raise InvalidValue(field=f"{path}products", rule=rule)
    if not selection.categories:
        return
    missing = sorted(selection.categories - (await uow.categories.tree()).categories.keys())
    if missing:
        rule = f"must be existing categories, not {missing[0]}"
        raise InvalidValue(field=f"{path}categories", rule=rule)


async def _require_tax_category(uow: UnitOfWork, tax: CategoryTax, before: Rule | None) -> None:
    """Check the category of shipping, unless the method has had it before."""
    if is_usual_tax_category(tax.category):
        return
    if isinstance(before, ShippingMethod) and before.tax == tax:
        return
    rates = await uow.rule_documents.of_kind(RuleKind.TAX_RATE)
    TaxCategories.of(each.rule for each in rates).require(tax.category, "tax")


def _amounts(value: object, path: str) -> Iterator[tuple[str, Money]]:
    """Yield every amount in a rule, and the pointer to it in the document."""
    if isinstance(value, Money):
        yield path.removeprefix("/"), value
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _amounts(item, f"{path}/{index}")
    elif is_dataclass(value):
        for field in fields(value):
            below = path if field.name == _UNNAMED else f"{path}/{field.name}"
            yield from _amounts(getattr(value, field.name), below)
