"""Which promotions apply to a cart, and why an entered code does not."""

from collections.abc import Sequence
from datetime import datetime

from shop.domain.pricing.cart_to_quote import Buyer, CartToQuote, EnteredCode
from shop.domain.pricing.goods import Goods
from shop.domain.pricing.promotions.promotion import Conditions, Promotion
from shop.domain.pricing.quoted import QuoteProblem
from shop.domain.shared.value import value

CODE_NOT_FOUND = "code-not-found"
CODE_USED_UP = "code-used-up"
CODE_NOT_APPLICABLE = "code-not-applicable"


@value
class ApplicablePromotion:
    """A promotion that a cart fulfils, the code that asked for it, and the lines that it is for."""

    promotion: Promotion
    code: str | None
    positions: Sequence[int]


@value
class Applicability:
    """The promotions that apply, sorted by slug, and the problems of the other codes."""

    promotions: Sequence[ApplicablePromotion]
    problems: tuple[QuoteProblem, ...]


class ApplicabilityCheck:
    """Checks promotions for one cart at one time."""

    def __init__(self, cart: CartToQuote, goods: Goods, at: datetime) -> None:
        self._cart = cart
        self._goods = goods
        self._at = at

    def find(self, promotions: Sequence[Promotion]) -> Applicability:
        """Check the automatic promotions, sorted by slug, and those of the entered codes.

        An automatic promotion that does not apply is no problem. Of two codes for one promotion,
        the first that can be used counts.
        """
        codes: dict[str | None, str] = {}
        problems: list[QuoteProblem] = []
        if self._cart.codes:
            by_slug: dict[str | None, Promotion] = {each.slug: each for each in promotions}
            for entered in self._cart.codes:
                problem = self._problem_of(entered, by_slug.get(entered.promotion))
                if problem is not None:
                    problems.append(problem)
                else:
                    codes.setdefault(entered.promotion, entered.code)
        applicable: list[ApplicablePromotion] = []
        for each in promotions:
            code = codes.get(each.slug)
            if code is None and (each.requires_code or self.is_used_up(each)):
                continue
            if self.find_obstacle(each) is None:
                positions = self._goods.find(each.selection)
                applicable.append(
                    ApplicablePromotion(promotion=each, code=code, positions=positions)
                )
        return Applicability(promotions=applicable, problems=tuple(problems))

    def find_obstacle(self, promotion: Promotion) -> str | None:
        """Return the name of the first condition that is not fulfilled, or None."""
        return (
            _obstacle_of_time(promotion, self._at)
            or _obstacle_of_customer(promotion.conditions, self._cart.buyer)
            or self._obstacle_of_goods(promotion)
        )

    def is_used_up(self, promotion: Promotion) -> bool:
        """Check whether all uses, or all of this customer, are taken."""
        uses = self._cart.uses.get(promotion.slug)
        if uses is None:
            return False
        per_customer = promotion.uses_per_customer
        return (promotion.limit is not None and uses.by_all >= promotion.limit) or (
            per_customer is not None and uses.by_customer >= per_customer
        )

    def _obstacle_of_goods(self, promotion: Promotion) -> str | None:
        goods, conditions = self._goods, promotion.conditions
        required = goods.find(conditions.selection)
        if not (required and goods.find(promotion.selection)):
            return "products"
        if conditions.minimum is None:
            return None
        is_whole = required is goods.positions
        subtotal = goods.subtotal if is_whole else sum(goods.amounts[each] for each in required)
        return None if subtotal >= conditions.minimum.amount else "minimum"

    def _problem_of(self, entered: EnteredCode, promotion: Promotion | None) -> QuoteProblem | None:
        if promotion is None:
            return QuoteProblem(code=CODE_NOT_FOUND, entered_code=entered.code)
        if entered.is_used_up or self.is_used_up(promotion):
            return QuoteProblem(code=CODE_USED_UP, entered_code=entered.code)
        obstacle = self.find_obstacle(promotion)
        if obstacle is None:
            return None
        return QuoteProblem(code=CODE_NOT_APPLICABLE, entered_code=entered.code, condition=obstacle)


def _obstacle_of_time(promotion: Promotion, at: datetime) -> str | None:
    if not promotion.active:
        return "inactive"
    if promotion.starts_at is not None and at < promotion.starts_at:
        return "not-started"
    if promotion.ends_at is not None and at >= promotion.ends_at:
        return "ended"
    return None


def _obstacle_of_customer(conditions: Conditions, buyer: Buyer) -> str | None:
    if conditions.group is not None and conditions.group not in buyer.groups:
        return "group"
    return "first-order" if conditions.is_for_first_order and buyer.has_ordered else None
