"""An independent calculation of quotes: exact fractions, piece by piece, without haste.

It shares the types of the rules with the shop, and none of the shop's arithmetic.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from math import floor

from shop.domain.pricing.cart_to_quote import CartToQuote, LineToQuote, UsesSoFar
from shop.domain.pricing.goods import Selection
from shop.domain.pricing.places import Area, Destination
from shop.domain.pricing.promotions.amount import Amount
from shop.domain.pricing.promotions.buy_x_get_y import BuyXGetY
from shop.domain.pricing.promotions.effect import Target
from shop.domain.pricing.promotions.fixed_price import FixedPrice
from shop.domain.pricing.promotions.free_shipping import FreeShipping
from shop.domain.pricing.promotions.percentage import Percentage
from shop.domain.pricing.promotions.promotion import Promotion
from shop.domain.pricing.promotions.tiers import Tiers
from shop.domain.pricing.rules import PricingRules, TaxRounding
from shop.domain.pricing.shipping.by_amount import ByAmount
from shop.domain.pricing.shipping.by_weight import ByWeight
from shop.domain.pricing.shipping.category_tax import CategoryTax
from shop.domain.pricing.shipping.highest_tax import HighestTax
from shop.domain.pricing.shipping.shipping_method import ShippingMethod
from shop.domain.pricing.taxes.tax_rate import TaxRate

SHIPPING = -1
"""Stands for the position of shipping."""

EU = set("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split())

STAGES = (FixedPrice, BuyXGetY, Tiers, Percentage, Amount, FreeShipping)
"""Kinds of effects, in the order in which they are applied."""

TaxKey = tuple[int, str | None]


@dataclass
class Expected:
    """What a quote must say: amounts by promotion, by tax and by position."""

    total: int = 0
    shipping_price: int = 0
    discounts: dict[str, dict[int, int]] = field(default_factory=dict)
    taxes: dict[TaxKey, dict[int, tuple[int, int]]] = field(default_factory=dict)
    is_blocked: bool = False


def half_up(exact: Fraction) -> int:
    return floor(exact + Fraction(1, 2))


def largest_remainder(whole: int, weights: Sequence[int]) -> list[int]:
    """Give each its floor, then one more to the one that lacks most, until nothing is left."""
    shares = [0] * len(weights)
    if whole == 0:
        return shares
    exact = [Fraction(whole * weight, sum(weights)) for weight in weights]
    shares = [floor(each) for each in exact]
    while sum(shares) < whole:
        lacking = [quota - share for quota, share in zip(exact, shares, strict=True)]
        shares[lacking.index(max(lacking))] += 1
    return shares


def expected_quote(cart: CartToQuote, rules: PricingRules, at: datetime) -> Expected:
    """Try every combination that the rules allow, and return the cheapest."""
    applicable = [each for each in rules.promotions if _applies(each, cart, at)]
    combinable = [each for each in applicable if each.combinable]
    alone = sorted(applicable, key=lambda each: each.slug)
    tries = [combinable, *([each] for each in alone), []]
    results = [_price(cart, rules, at, each) for each in tries if each or each is tries[-1]]
    open_ones = [result for result in results if not result.is_blocked] or results
    cheapest = min(result.total for result in open_ones)
    return next(result for result in open_ones if result.total == cheapest)


# --- which promotions -----------------------------------------------------------------------------


def _applies(promotion: Promotion, cart: CartToQuote, at: datetime) -> bool:
    conditions = promotion.conditions
    codes = [each for each in cart.codes if each.promotion == promotion.slug]
    if promotion.requires_code and not any(not each.is_used_up for each in codes):
        return False
    uses = cart.uses.get(promotion.slug, UsesSoFar())
    limits = [(promotion.limit, uses.by_all), (promotion.limit_per_customer, uses.by_customer)]
    if conditions.is_for_first_order:
        limits.append((1, uses.by_customer))
    required = [each for each in cart.lines if _selects(conditions.selection, each)]
    return all(
        (
            promotion.active,
            promotion.starts_at is None or promotion.starts_at <= at,
            promotion.ends_at is None or at < promotion.ends_at,
            all(limit is None or used < limit for limit, used in limits),
            conditions.group is None or conditions.group in cart.buyer.groups,
            not (conditions.is_for_first_order and cart.buyer.has_ordered),
            bool(required),
            any(_selects(promotion.selection, each) for each in cart.lines),
            conditions.minimum is None or _listed(required) >= conditions.minimum.amount,
        )
    )


def _selects(selection: Selection, line: LineToQuote) -> bool:
    if not selection.products and not selection.categories:
        return True
    return line.product in selection.products or bool(selection.categories & line.categories)


def _listed(lines: Sequence[LineToQuote]) -> int:
    return sum(each.unit_price.amount for each in lines for _ in range(each.quantity))


# --- discounts ------------------------------------------------------------------------------------


def _price(
    cart: CartToQuote, rules: PricingRules, at: datetime, promotions: Sequence[Promotion]
) -> Expected:
    expected = Expected()
    left = {at_: _listed([line]) for at_, line in enumerate(cart.lines)}
    ordered = sorted(
        promotions,
        key=lambda x: (
            [Target.LINES, Target.ORDER].index(x.target),
            STAGES.index(type(x.effect)),
            x.slug,
        ),
    )
    for promotion in ordered:
        selected = [at_ for at_ in left if _selects(promotion.selection, cart.lines[at_])]
        shares = _discount(promotion, cart, left, selected)
        for at_, share in shares.items():
            left[at_] -= share
        expected.discounts[promotion.slug] = {at_: s for at_, s in shares.items() if s}
    method = _method(cart, rules, left)
    is_shipped = bool(rules.shipping_zones) and any(line.ships for line in cart.lines)
    expected.is_blocked = is_shipped and method is None
    if method is not None:
        expected.shipping_price = left_of_shipping = _shipping_price(method, cart, left) or 0
        for promotion in ordered:
            if isinstance(promotion.effect, FreeShipping) and left_of_shipping:
                expected.discounts[promotion.slug] = {SHIPPING: left_of_shipping}
                left_of_shipping = 0
        left[SHIPPING] = left_of_shipping
    expected.discounts = {slug: each for slug, each in expected.discounts.items() if each}
    expected.taxes = _taxes(cart, rules, at, method, left)
    expected.total = sum(left.values())
    if not rules.prices_include_tax:
        expected.total += sum(a for each in expected.taxes.values() for _, a in each.values())
    return expected


def _discount(
    promotion: Promotion, cart: CartToQuote, left: dict[int, int], selected: Sequence[int]
) -> dict[int, int]:
    effect, lines = promotion.effect, cart.lines
    amounts = [left[at] for at in selected]
    each_piece = promotion.target is Target.LINES
    shares = [0] * len(selected)
    if isinstance(effect, Percentage):
        whole = half_up(Fraction(sum(amounts) * effect.percentage, 100_000))
        shares = largest_remainder(whole, amounts)
    elif isinstance(effect, Amount) and each_piece:
        shares = [min(effect.amount.amount * lines[at].quantity, left[at]) for at in selected]
    elif isinstance(effect, Amount):
        shares = largest_remainder(min(effect.amount.amount, sum(amounts)), amounts)
    elif isinstance(effect, FixedPrice) and each_piece:
        prices = [effect.price.amount * lines[at].quantity for at in selected]
        shares = [max(0, a - price) for a, price in zip(amounts, prices, strict=True)]
    elif isinstance(effect, FixedPrice):
        shares = largest_remainder(max(0, sum(amounts) - effect.price.amount), amounts)
    elif isinstance(effect, Tiers):
        pieces = sum(lines[at].quantity for at in selected)
        listed = _listed([lines[at] for at in selected])
        percentages = [
            tier.percentage
            for tier in effect.tiers
            if (tier.from_quantity is not None and pieces >= tier.from_quantity)
            or (tier.from_amount is not None and listed >= tier.from_amount.amount)
        ]
        whole = half_up(Fraction(sum(amounts) * max(percentages, default=0), 100_000))
        shares = largest_remainder(whole, amounts)
    elif isinstance(effect, BuyXGetY):
        values = _reduced_values(effect, cart, left, selected)
        whole = half_up(Fraction(sum(values) * effect.percentage, 100_000))
        shares = largest_remainder(whole, values)
    return dict(zip(selected, shares, strict=True))


def _reduced_values(
    effect: BuyXGetY, cart: CartToQuote, left: dict[int, int], selected: Sequence[int]
) -> list[int]:
    """Lay all pieces in a row, dearest first; walk along it, and count what gets reduced."""
    pieces: list[tuple[int, int]] = []
    for at in selected:
        quantity = cart.lines[at].quantity
        pieces += [(at, (left[at] + nth) // quantity) for nth in range(quantity)]
    reduced = 0
    for number in range(len(pieces)):
        if number % (effect.buy + effect.get) >= effect.buy:
            reduced += 1
    cheapest = sorted(pieces, key=lambda piece: cart.lines[piece[0]].unit_price.amount)[:reduced]
    return [sum(value for at_, value in cheapest if at_ == at) for at in selected]


# --- shipping -------------------------------------------------------------------------------------


def _method(cart: CartToQuote, rules: PricingRules, left: dict[int, int]) -> ShippingMethod | None:
    for method in rules.shipping_methods:
        if method.code != cart.shipping_method or not method.active:
            continue
        if not rules.shipping_zones or not any(line.ships for line in cart.lines):
            continue
        areas = [zone.area for zone in rules.shipping_zones if zone.slug == method.zone]
        to = cart.destination
        if (
            method.is_pick_up or (to is not None and any(_is_in(area, to) for area in areas))
        ) and _shipping_price(method, cart, left) is not None:
            return method
    return None


def _shipping_price(method: ShippingMethod, cart: CartToQuote, left: dict[int, int]) -> int | None:
    shipped = [at for at, line in enumerate(cart.lines) if line.ships]
    amount = sum(left[at] for at in shipped)
    weight = sum(cart.lines[at].weight_grams * cart.lines[at].quantity for at in shipped)
    price = None
    if isinstance(method.prices, ByWeight):
        for by_weight in method.prices.steps:
            price = by_weight.price.amount if weight >= by_weight.from_weight_grams else price
    if isinstance(method.prices, ByAmount):
        for by_amount in method.prices.steps:
            price = by_amount.price.amount if amount >= by_amount.from_amount.amount else price
    is_free = method.free_from is not None and amount >= method.free_from.amount
    return 0 if is_free and price is not None else price


# --- taxes ----------------------------------------------------------------------------------------


def _taxes(
    cart: CartToQuote,
    rules: PricingRules,
    at: datetime,
    method: ShippingMethod | None,
    left: dict[int, int],
) -> dict[TaxKey, dict[int, tuple[int, int]]]:
    if not rules.tax_table.rates:
        return {}
    to = cart.destination
    chosen = [each for each in rules.shipping_methods if each.code == cart.shipping_method]
    is_shipped = rules.shipping_zones and any(line.ships for line in cart.lines)
    if to is None or (is_shipped and chosen and chosen[0].is_pick_up and chosen[0].active):
        to = Destination(country=rules.home.country)
    keys = {
        position: _tax_key(line.tax_category, rules, cart.buyer.vat_country, to, at)
        for position, line in enumerate(cart.lines)
    }
    entries = [(position, keys[position], left[position]) for position in keys]
    if method is not None:
        shipped = {position: key for position, key in keys.items() if cart.lines[position].ships}
        entries += _shipping_entries(cart, rules, to, at, method, left, shipped)
    result: dict[TaxKey, dict[int, tuple[int, int]]] = {}
    for key in dict.fromkeys(key for _, key, _ in entries):
        members = [(position, amount) for position, other, amount in entries if other == key]
        amounts = [amount for _, amount in members]
        if rules.tax_rounding is TaxRounding.LINE:
            taxes = [_tax(rules, amount, key[0]) for amount in amounts]
        else:
            taxes = largest_remainder(_tax(rules, sum(amounts), key[0]), amounts)
        result[key] = {
            position: (amount - tax if rules.prices_include_tax else amount, tax)
            for (position, amount), tax in zip(members, taxes, strict=True)
        }
    return result


def _tax(rules: PricingRules, amount: int, rate: int) -> int:
    if rules.prices_include_tax:
        return amount - half_up(Fraction(amount) / (1 + Fraction(rate, 100_000)))
    return half_up(amount * Fraction(rate, 100_000))


def _shipping_entries(
    cart: CartToQuote,
    rules: PricingRules,
    to: Destination,
    at: datetime,
    method: ShippingMethod,
    left: dict[int, int],
    shipped: dict[int, TaxKey],
) -> list[tuple[int, TaxKey, int]]:
    if isinstance(method.tax, CategoryTax):
        key = _tax_key(method.tax.category, rules, cart.buyer.vat_country, to, at)
        return [(SHIPPING, key, left[SHIPPING])]
    if isinstance(method.tax, HighestTax):
        highest = max(rate for rate, _ in shipped.values())
        key = next(each for each in shipped.values() if each[0] == highest)
        return [(SHIPPING, key, left[SHIPPING])]
    is_anything_left = any(left[position] for position in shipped)
    values: dict[TaxKey, int] = {}
    for position, key in shipped.items():
        value = left[position] if is_anything_left else 1
        values[key] = values.get(key, 0) + value
    shares = largest_remainder(left[SHIPPING], list(values.values()))
    return [(SHIPPING, key, share) for key, share in zip(values, shares, strict=True)]


def _tax_key(
    category: str, rules: PricingRules, vat_country: str | None, to: Destination, at: datetime
) -> TaxKey:
    home = rules.home.country
    number = "GR" if vat_country == "EL" else vat_country
    if home in EU and to.country in EU and number in EU and home not in {to.country, number}:
        return 0, "reverse-charge"
    rate = _rate(category, rules, to, at)
    if rate is None and (to.country not in EU if home in EU else to.country != home):
        return 0, "export"
    rate = rate or _rate(category, rules, Destination(country=home), at)
    if rate is None:
        return 0, "no-rate"
    return rate.rate, (None if rate.rate else rate.reason or "zero")


def _rate(category: str, rules: PricingRules, to: Destination, at: datetime) -> TaxRate | None:
    every = {rate.slug: rate for rates in rules.tax_table.rates.values() for rate in rates}
    found = [
        rate
        for rate in every.values()
        if rate.category == category
        and (rate.valid_from is None or rate.valid_from <= at)
        and (rate.valid_until is None or at < rate.valid_until)
        and _is_in(rate.area, to)
    ]
    by_code = [rate for rate in found if rate.area.postal_codes]
    by_region = [rate for rate in found if rate.area.regions]
    both = [rate for rate in by_code if rate.area.regions]
    return next(iter([*both, *by_code, *by_region, *found]), None)


def _is_in(area: Area, to: Destination) -> bool:
    codes = [to.postal_code or ""] if to.postal_code else []
    return (
        to.country in area.countries
        and (not area.regions or to.region in area.regions)
        and (
            not area.postal_codes
            or any(
                code.startswith(pattern[:-1]) if pattern.endswith("*") else code == pattern
                for pattern in area.postal_codes
                for code in codes
            )
        )
    )
