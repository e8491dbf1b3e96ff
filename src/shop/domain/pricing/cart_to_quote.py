"""What is priced: lines at their list prices, and what the price depends on besides."""

from collections.abc import Mapping

from shop.domain.pricing.places import Destination
from shop.domain.shared.money import Money
from shop.domain.shared.value import value


@value
class LineToQuote:
    """A quantity of one variant, with all that rules can ask of it.

    `categories` has the categories of its product, and those above them.
    """

    sku: str
    product: str
    categories: frozenset[str]
    quantity: int
    unit_price: Money
    tax_category: str
    weight_grams: int
    ships: bool


@value
class EnteredCode:
    """A code that the customer has entered; without a promotion, the shop does not know it.

    `is_used_up` says that it was for one order, which another has taken.
    """

    code: str
    promotion: str | None
    is_used_up: bool = False


@value
class PromotionUses:
    """How often a limited promotion was used, by all and by this customer."""

    by_all: int = 0
    by_customer: int = 0


@value
class Buyer:
    """What rules can ask of the customer.

    `vat_country` is the country of a well-formed VAT number, by the prefix of the number: Greece is
    EL. A customer whom the shop does not know yet has not ordered, and is in no group.
    """

    groups: frozenset[str] = frozenset()
    has_ordered: bool = False
    vat_country: str | None = None


@value
class CartToQuote:
    """The lines of a cart or of a new order; the positions of lines are those in the tuple."""

    lines: tuple[LineToQuote, ...]
    buyer: Buyer
    destination: Destination | None
    shipping_method: str | None
    codes: tuple[EnteredCode, ...]
    uses: Mapping[str, PromotionUses]
