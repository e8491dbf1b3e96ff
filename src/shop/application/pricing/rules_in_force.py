"""Rules of one version, with what quotes by them need to know of carts."""

from typing import Self

from shop.domain.pricing.promotions.promotion import Promotion
from shop.domain.pricing.rules import PricingRules
from shop.domain.shared.value import value


@value
class RulesInForce:
    """All rules of a version; what no rule asks of a cart is not looked up for it.

    `limited` has the slugs of the promotions whose uses are counted.
    """

    rules: PricingRules
    selects_by_category: bool
    asks_for_groups: bool
    limited: tuple[str, ...]

    @property
    def asks_beyond_cart(self) -> bool:
        """Whether a quote needs more than the variants of a cart that has no codes."""
        return self.selects_by_category or self.asks_for_groups or bool(self.limited)

    @classmethod
    def of(cls, rules: PricingRules) -> Self:
        """Find what the active promotions ask for, once for each version."""
        active = [each for each in rules.promotions if each.active]
        return cls(
            rules=rules,
            selects_by_category=any(map(_selects_by_category, active)),
            asks_for_groups=any(each.conditions.group is not None for each in active),
            limited=tuple(each.slug for each in active if each.is_limited),
        )


def _selects_by_category(promotion: Promotion) -> bool:
    selections = (promotion.selection, promotion.conditions.selection)
    return any(each.categories for each in selections)
