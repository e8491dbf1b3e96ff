"""What the model knows of promotions: which apply, and exactly what they take off."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from operator import sub


@dataclass(frozen=True)
class ModelPromotion:
    """A promotion as staff have saved it; it ends at a second."""

    slug: str
    code: str | None
    thousandths: int
    limit: int | None
    limit_per_customer: int | None
    first_order: bool
    combinable: bool
    active: bool
    ends: int | None


@dataclass(frozen=True)
class ModelDiscount:
    """What a promotion takes off an order, in all and of each line."""

    promotion: str
    code: str | None
    amount: int
    shares: Sequence[int]


@dataclass(frozen=True)
class ModelBuyer:
    """What promotions ask of a customer, or of a visitor.

    `used` counts the orders that have each promotion, `used_here` those of the customer.
    """

    now: int
    has_ordered: bool
    used: Mapping[str, int]
    used_here: Mapping[str, int]

    def has_used_up(self, promotion: ModelPromotion) -> bool:
        per_customer = 1 if promotion.first_order else promotion.limit_per_customer
        return _reached(promotion.limit, self.used.get(promotion.slug, 0)) or _reached(
            per_customer, self.used_here.get(promotion.slug, 0)
        )

    def failed_condition(self, promotion: ModelPromotion) -> str | None:
        if not promotion.active:
            return "inactive"
        if promotion.ends is not None and promotion.ends <= self.now:
            return "ended"
        return "first-order" if promotion.first_order and self.has_ordered else None


@dataclass(frozen=True)
class CodeProblems:
    """The codes that stop an order: unknown ones, used ones, and those with a failed condition."""

    unknown: Sequence[str]
    used_up: Sequence[ModelPromotion]
    inapplicable: Sequence[tuple[str, str]]


def code_problems(
    promotions: Mapping[str, ModelPromotion], codes: Sequence[str], buyer: ModelBuyer
) -> CodeProblems:
    by_code = {each.code: each for each in promotions.values()}
    known = [by_code[code] for code in codes if code in by_code]
    # A promotion that is switched off is not counted.
    used_up = [each for each in known if each.active and buyer.has_used_up(each)]
    failed = [(each, buyer.failed_condition(each)) for each in known if each not in used_up]
    return CodeProblems(
        unknown=[code for code in codes if code not in by_code],
        used_up=used_up,
        inapplicable=[(each.code or "", condition) for each, condition in failed if condition],
    )


def best_discounts(
    promotions: Mapping[str, ModelPromotion],
    codes: Sequence[str],
    buyer: ModelBuyer,
    amounts: Sequence[int],
) -> Sequence[ModelDiscount]:
    """Return what is taken off these lines: by all that can be combined, or by one alone."""
    applicable = [
        each
        for _, each in sorted(promotions.items())
        if (each.code is None or each.code in codes)
        and not buyer.has_used_up(each)
        and buyer.failed_condition(each) is None
    ]
    together = [each for each in applicable if each.combinable]
    choices = [together] if together else []
    choices += [[each] for each in applicable if not each.combinable]
    discounts = [_discounts(choice, amounts) for choice in choices]
    return max(discounts, key=lambda found: sum(each.amount for each in found), default=[])


def _discounts(
    promotions: Sequence[ModelPromotion], amounts: Sequence[int]
) -> Sequence[ModelDiscount]:
    """Apply promotions one after the other; one that takes nothing off is no discount."""
    left, discounts = list(amounts), []
    for each in promotions:
        amount = _rounded_half_up(Fraction(sum(left) * each.thousandths, 100_000))
        shares = _shared(amount, left)
        left = list(map(sub, left, shares))
        if amount:
            discounts.append(ModelDiscount(each.slug, each.code, amount, shares))
    return discounts


def _shared(whole: int, weights: Sequence[int]) -> Sequence[int]:
    """Give each its exact share, rounded down, and what is left to the largest fractions."""
    exact = [Fraction(whole * weight, sum(weights) or 1) for weight in weights]
    shares = [share.numerator // share.denominator for share in exact]
    by_fraction = sorted((each - exact[at], at) for at, each in enumerate(shares))
    for _, position in by_fraction[: whole - sum(shares)]:
        shares[position] += 1
    return shares


def _rounded_half_up(number: Fraction) -> int:
    return (number + Fraction(1, 2)).__floor__()


def _reached(limit: int | None, used: int) -> bool:
    return limit is not None and used >= limit
