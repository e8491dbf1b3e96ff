"""Combines promotions: sets of them that may be applied together, and their discounts."""

from collections.abc import Sequence

from shop.domain.pricing.goods import Goods
from shop.domain.pricing.promotions.applicability import ApplicablePromotion
from shop.domain.pricing.promotions.effect import Target

Combination = Sequence[ApplicablePromotion]


def possible_combinations(applicable: Sequence[ApplicablePromotion]) -> Sequence[Combination]:
    """Return all that are combinable together, then each of the others alone, then none.

    Of combinations with the same total, the first one is chosen, so their order never varies.
    """
    combinable = [each for each in applicable if each.promotion.combinable]
    combinations = [sorted(combinable, key=_precedence)] if combinable else []
    if len(combinable) < len(applicable):
        combinations += [[each] for each in applicable if not each.promotion.combinable]
    return [*combinations, []]


def discount_goods(goods: Goods, combination: Combination) -> Sequence[tuple[int, ...]]:
    """Return the share of each line in each promotion, and reduce what is left of the lines."""
    shares: list[tuple[int, ...]] = []
    for each in combination:
        promotion, positions = each.promotion, each.positions
        effect = promotion.effect
        if effect.is_on_shipping:
            shares.append((0,) * len(goods.lines))
            continue
        discounts = effect.off_lines(goods.at(positions), promotion.target)
        shares.append(goods.take(positions, discounts))
    return shares


def discount_shipping(price: int, combination: Combination) -> Sequence[int]:
    """Return the share of shipping in each promotion."""
    shares: list[int] = []
    for each in combination:
        share = each.promotion.effect.off_shipping(price)
        price -= share
        shares.append(share)
    return shares


def _precedence(each: ApplicablePromotion) -> tuple[bool, int, str]:
    promotion = each.promotion
    return promotion.target is Target.ORDER, promotion.effect.rank, promotion.slug
