"""Which promotions apply to a cart, and why an entered code does not."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from shop.domain.pricing.cart_to_quote import Buyer, CartToQuote, EnteredCode
from shop.domain.pricing.goods import Goods
from shop.domain.pricing.promotions.promotion import Conditions, Promotion
from shop.domain.pricing.quoted import QuoteProblem
from shop.domain.shared.value import value

CODE_NOT_FOUND = "code-not-found"
CODE_USED_UP = "code-used-up"
CODE_NOT_APPLICABLE = "code-not-applicable"


class Condition(StrEnum):
    """A condition that is not fulfilled, by the name that clients see."""

    INACTIVE = "inactive"
    NOT_STARTED = "not-started"
    ENDED = "ended"
    GROUP = "group"
    FIRST_ORDER = "first-order"
    PRODUCTS = "products"  # Nothing that it requires, or nothing that it is for.
    MINIMUM = "minimum"


@value
class ApplicablePromotion:
    """A promotion that a cart can have, its code, and the lines that it is for."""

    promotion: Promotion
    code: str | None
    positions: Sequence[int]


@value
class Applicability:
    """The promotions that apply, sorted by slug, and the problems of other codes."""

    promotions: Sequence[ApplicablePromotion]
    problems: tuple[QuoteProblem, ...]


class ApplicabilityCheck:
    """Checks promotions for one cart at one time."""

    def __init__(self, cart: CartToQuote, goods: Goods, at: datetime) -> None:
        self._cart = cart
        self._goods = goods
        self._at = at

    def find(self, promotions: Sequence[Promotion]) -> Applicability:
        """Check the automatic promotions, sorted by slug, and those of entered codes.

        An automatic promotion that does not apply is no problem. Of two codes for one promotion,
        the first that can be used counts.
        """
        codes, problems = self._check_codes(promotions) if self._cart.codes else ({}, ())
        applicable: list[ApplicablePromotion] = []
        for promotion in promotions:
            code = codes.get(promotion.slug)
            if code is None and (promotion.requires_code or self._is_used_up(promotion)):
                continue
            checked = self._check(promotion, code)
            if isinstance(checked, ApplicablePromotion):
                applicable.append(checked)
        return Applicability(promotions=applicable, problems=problems)

    def fulfils(self, promotion: Promotion) -> bool:
        """Check the conditions of a promotion, whatever is used of it."""
        return isinstance(self._check(promotion, None), ApplicablePromotion)

    def _check_codes(
        self, promotions: Sequence[Promotion]
    ) -> tuple[dict[str, str], tuple[QuoteProblem, ...]]:
        """Return the code that counts for each promotion, and the problems of the others."""
        by_slug: dict[str | None, Promotion] = {each.slug: each for each in promotions}
        codes: dict[str, str] = {}
        problems: list[QuoteProblem] = []
        for entered in self._cart.codes:
            promotion = by_slug.get(entered.promotion)
            if promotion is None:
                problems.append(QuoteProblem(code=CODE_NOT_FOUND, entered_code=entered.code))
            elif problem := self._problem_of(entered, promotion):
                problems.append(problem)
            else:
                codes.setdefault(promotion.slug, entered.code)
        return codes, tuple(problems)

    def _problem_of(self, entered: EnteredCode, promotion: Promotion) -> QuoteProblem | None:
        code = entered.code
        if entered.is_used_up or self._is_used_up(promotion):
            return QuoteProblem(code=CODE_USED_UP, entered_code=code, order_id=entered.held_by)
        checked = self._check(promotion, code)
        if isinstance(checked, ApplicablePromotion):
            return None
        return QuoteProblem(code=CODE_NOT_APPLICABLE, entered_code=code, condition=checked)

    def _is_used_up(self, promotion: Promotion) -> bool:
        """Check whether all uses, or all of this customer, are taken."""
        uses = self._cart.uses.get(promotion.slug)
        if uses is None:
            return False
        per_customer = promotion.uses_per_customer
        return (promotion.limit is not None and uses.by_all >= promotion.limit) or (
            per_customer is not None and uses.by_customer >= per_customer
        )

    def _check(self, promotion: Promotion, code: str | None) -> ApplicablePromotion | Condition:
        """Return the promotion as it applies, or the first condition that is not fulfilled."""
        failed = _failed_condition_of_time(promotion, self._at) or _failed_condition_of_customer(
            promotion.conditions, self._cart.buyer
        )
        if failed is not None:
            return failed
        goods, minimum = self._goods, promotion.conditions.minimum
        required = goods.find(promotion.conditions.selection)
        positions = goods.find(promotion.selection)
        if not (required and positions):
            return Condition.PRODUCTS
        if minimum is not None and sum([goods.amounts[each] for each in required]) < minimum.amount:
            return Condition.MINIMUM
        return ApplicablePromotion(promotion=promotion, code=code, positions=positions)


def _failed_condition_of_time(promotion: Promotion, at: datetime) -> Condition | None:
    if not promotion.active:
        return Condition.INACTIVE
    if promotion.starts_at is not None and at < promotion.starts_at:
        return Condition.NOT_STARTED
    if promotion.ends_at is not None and at >= promotion.ends_at:
        return Condition.ENDED
    return None


def _failed_condition_of_customer(conditions: Conditions, buyer: Buyer) -> Condition | None:
    if conditions.group is not None and conditions.group not in buyer.groups:
        return Condition.GROUP
    if conditions.is_for_first_order and buyer.has_ordered:
        return Condition.FIRST_ORDER
    return None
