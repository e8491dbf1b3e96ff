"""What is priced: lines at list prices, and all else that the price depends on."""

from collections.abc import Mapping
from uuid import UUID

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
    """A code that the customer has entered; without a promotion, it is unknown.

    `is_used_up` says that it is for one order, and another order has it. `held_by` is the
    customer's own order that has the promotion by it and waits for its payment, if there is one.
    """

    code: str
    promotion: str | None
    is_used_up: bool = False
    held_by: UUID | None = None


@value
class UsesSoFar:
    """How often a promotion was used, by all and by this customer, as far as that is limited."""

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
    """A cart or a new order; the position of a line is its index in `lines`."""

    lines: tuple[LineToQuote, ...]
    buyer: Buyer
    destination: Destination | None
    shipping_method: str | None
    codes: tuple[EnteredCode, ...]
    uses: Mapping[str, UsesSoFar]
