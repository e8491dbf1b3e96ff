"""The errors of an order whose quote has problems; a cart shows the problems beforehand."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from shop.domain.pricing.cart_shipping import ADDRESS_REQUIRED, SHIPPING_UNAVAILABLE
from shop.domain.pricing.promotions.applicability import (
    CODE_NOT_APPLICABLE,
    CODE_NOT_FOUND,
    CODE_USED_UP,
)
from shop.domain.pricing.quoted import QuoteProblem
from shop.domain.shared.errors import Conflict, NotFound, ShopError
from shop.domain.shared.value import value


@value
class InapplicableCode:
    """A code, and the condition that is not fulfilled."""

    code: str
    condition: str


@dataclass(kw_only=True, unsafe_hash=True)
class CodeNotFound(NotFound):
    """No promotion has these codes."""

    codes: tuple[str, ...]

    code = CODE_NOT_FOUND

    @property
    def detail(self) -> str:
        """Name the codes."""
        return f"No promotion has the code {', '.join(self.codes)}."


@dataclass(kw_only=True, unsafe_hash=True)
class CodeUsedUp(Conflict):
    """All uses of these codes are taken, or all uses of this customer.

    `order_id` is the customer's own order that has one and waits for its payment.
    """

    codes: tuple[str, ...]
    order_id: UUID | None = None

    code = CODE_USED_UP

    @property
    def detail(self) -> str:
        """Name the codes."""
        return f"No use is left of the code {', '.join(self.codes)}."


@dataclass(kw_only=True, unsafe_hash=True)
class CodeNotApplicable(Conflict):
    """The cart does not fulfil a condition of these codes; `condition` is that of the first."""

    condition: str
    codes: tuple[InapplicableCode, ...]

    code = CODE_NOT_APPLICABLE

    @property
    def detail(self) -> str:
        """Name each code and its condition."""
        codes = ", ".join(f"{each.code} ({each.condition})" for each in self.codes)
        return f"The cart does not fulfil the condition of the code {codes}."


class AddressRequired(ShopError):
    """The cart has something to ship, and the shipping address is missing."""

    code = ADDRESS_REQUIRED
    message = "Give a shipping address: the cart has something to ship."


@dataclass(kw_only=True, unsafe_hash=True)
class ShippingUnavailable(Conflict):
    """No shipping method is chosen, or the chosen one does not serve the address or the cart."""

    method: str | None

    code = SHIPPING_UNAVAILABLE

    @property
    def detail(self) -> str:
        """Say whether a method is missing, or which one does not serve."""
        if self.method is None:
            return "Choose a shipping method."
        return f"The shipping method {self.method} does not serve this address or cart."


def require_no_problems(problems: Iterable[QuoteProblem]) -> None:
    """Raise the error of the first kind of problem, with all of its kind."""
    of_code: dict[str, list[QuoteProblem]] = {}
    for problem in problems:
        of_code.setdefault(problem.code, []).append(problem)
    if found := of_code.get(CODE_NOT_FOUND):
        raise CodeNotFound(codes=_codes(found))
    if used_up := of_code.get(CODE_USED_UP):
        held_by = next((each.order_id for each in used_up if each.order_id is not None), None)
        raise CodeUsedUp(codes=_codes(used_up), order_id=held_by)
    if inapplicable := of_code.get(CODE_NOT_APPLICABLE):
        codes = tuple(
            InapplicableCode(code=each.entered_code or "", condition=str(each.condition))
            for each in inapplicable
        )
        raise CodeNotApplicable(condition=codes[0].condition, codes=codes)
    if ADDRESS_REQUIRED in of_code:
        raise AddressRequired
    if unavailable := of_code.get(SHIPPING_UNAVAILABLE):
        raise ShippingUnavailable(method=unavailable[0].shipping_method)


def _codes(problems: Iterable[QuoteProblem]) -> tuple[str, ...]:
    return tuple(each.entered_code or "" for each in problems)
