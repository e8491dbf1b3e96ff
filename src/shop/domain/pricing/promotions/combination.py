"""Combinations: promotions that are applied together, and their discounts."""

from collections.abc import Sequence
from operator import sub

from shop.domain.pricing.cart_to_quote import LineToQuote
from shop.domain.pricing.goods import Goods
from shop.domain.pricing.promotions.applicability import ApplicablePromotion
from shop.domain.pricing.promotions.effect import Target

Combination = Sequence[ApplicablePromotion]
"""Promotions in the order in which they are applied."""

NO_PROMOTIONS: Combination = ()


def possible_combinations(
    applicable: Sequence[ApplicablePromotion], *, can_be_worse_together: bool
) -> list[Combination]:
    """Return all combinable promotions together, then each other one alone.

    If promotions can be worse together, each combinable one is tried alone as well. Of combinations
    with the same total, the first one is chosen, so their order never varies.
    """
    combinable = [each for each in applicable if each.promotion.combinable]
    tries_all = can_be_worse_together and len(combinable) > 1
    alone = [each for each in applicable if tries_all or not each.promotion.combinable]
    combinations: list[Combination] = [[each] for each in alone]
    return [sorted(combinable, key=_precedence), *combinations] if combinable else combinations


def discount_lines(
    goods: Goods, combination: Combination
) -> tuple[Sequence[int], Sequence[tuple[int, ...]]]:
    """Return what is left of each line, and the share of each line in each promotion."""
    left: Sequence[int] = goods.amounts
    shares: list[tuple[int, ...]] = []
    for each in combination:
        of_lines = _discount(goods.lines, left, each)
        left = list(map(sub, left, of_lines))
        shares.append(of_lines)
    return left, shares


def discount_shipping(price: int, combination: Combination) -> tuple[int, Sequence[int]]:
    """Return what is left of the price of shipping, and the share of each promotion."""
    left = price
    shares: list[int] = []
    for each in combination:
        share = each.promotion.effect.off_shipping(left)
        left -= share
        shares.append(share)
    return left, shares


def _discount(
    lines: Sequence[LineToQuote], left: Sequence[int], applicable: ApplicablePromotion
) -> tuple[int, ...]:
    """Return the share of each line; lines that the promotion is not for have 0."""
    positions, promotion = applicable.positions, applicable.promotion
    if len(positions) == len(lines):
        return tuple(promotion.effect.off_lines(lines, left, promotion.target))
    selected = [lines[position] for position in positions]
    left_of_them = [left[position] for position in positions]
    discounts = promotion.effect.off_lines(selected, left_of_them, promotion.target)
    shares = [0] * len(lines)
    for position, discount in zip(positions, discounts, strict=True):
        shares[position] = discount
    return tuple(shares)


def _precedence(each: ApplicablePromotion) -> tuple[bool, int, str]:
    promotion = each.promotion
    return promotion.target is Target.ORDER, promotion.effect.rank, promotion.slug
