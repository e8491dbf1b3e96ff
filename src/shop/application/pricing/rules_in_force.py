"""Rules of one version, with what quotes by them need to know of carts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Self

from shop.domain.pricing.promotions.promotion import Promotion
from shop.domain.pricing.rules import PricingRules
from shop.domain.shared.value import value


@value
class RulesInForce:
    """All rules of a version; what no rule asks of a cart is not looked up for it.

    `automatic` has the active promotions that need no code, `by_slug` all active ones, and `codes`
    the promotion of each code that all customers enter.
    """

    version: int
    rules: PricingRules
    selects_by_category: bool
    asks_for_groups: bool
    automatic: tuple[Promotion, ...]
    by_slug: Mapping[str, Promotion]
    codes: Mapping[str, str]

    def automatic_at(self, at: datetime) -> tuple[Promotion, ...]:
        """Return the automatic promotions that are not over; of those, there are not many."""
        return tuple(each for each in self.automatic if each.is_automatic(at))

    def asks_beyond_cart(self, at: datetime) -> bool:
        """Check whether a quote needs more than the variants of a cart that has no codes."""
        counts = any(each.is_limited for each in self.automatic_at(at))
        return self.selects_by_category or self.asks_for_groups or counts

    @classmethod
    def of(cls, rules: PricingRules, version: int) -> Self:
        """Find what the active promotions ask for, once for each version."""
        active = [each for each in rules.promotions if each.active]
        return cls(
            version=version,
            rules=rules,
            selects_by_category=any(map(_selects_by_category, active)),
            asks_for_groups=any(each.conditions.group is not None for each in active),
            automatic=tuple(each for each in active if not each.requires_code),
            by_slug={each.slug: each for each in active},
            codes={each.code: each.slug for each in rules.promotions if each.code is not None},
        )


def _selects_by_category(promotion: Promotion) -> bool:
    selections = (promotion.selection, promotion.conditions.selection)
    return any(each.categories for each in selections)
