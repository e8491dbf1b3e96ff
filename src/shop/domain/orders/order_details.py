"""Who gets an order, where, and how: what a cart or a new order says besides lines."""

from collections.abc import Iterator
from dataclasses import fields, replace

from shop.domain.address import Address
from shop.domain.pricing.places import Destination
from shop.domain.pricing.promotions.promotion_code import normalise_code
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.value import value
from shop.domain.user import normalise_new_email

MAX_CODES = 10
"""How many codes one cart or order may have."""


@value
class OrderDetails:
    """The recipient, the shipping method, and codes in the order in which they were entered.

    What is None is not given. A placed order keeps no codes here: its discounts name them.
    """

    email: str | None = None
    shipping_address: Address | None = None
    billing_address: Address | None = None
    shipping_method: str | None = None
    codes: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if self.codes is not None and len(self.codes) > MAX_CODES:
            raise InvalidValue(field="codes", rule=f"must be at most {MAX_CODES} codes")

    def normalise(self) -> "OrderDetails":
        """Return the details with e-mail address and codes in their normal form, codes once.

        Addresses have theirs by their country, see the port `PostalRules`. Raise `InvalidValue`.
        """
        email, codes = self.email, self.codes
        if email is not None:
            email = normalise_new_email(email)
        if codes is not None:
            normalised = (normalise_code(each, f"codes/{at}") for at, each in enumerate(codes))
            codes = tuple(dict.fromkeys(normalised))
        return replace(self, email=email, codes=codes)

    def or_else(self, others: "OrderDetails") -> "OrderDetails":
        """Return these details, with others for what is not given."""
        if others.is_empty:
            return self
        if self.is_empty:
            return others
        given = {each.name: getattr(self, each.name) for each in fields(self)}
        return replace(others, **{name: each for name, each in given.items() if each is not None})

    @property
    def is_empty(self) -> bool:
        """Whether nothing is given."""
        # Most carts and orders have none, which are this one.
        return self is NO_DETAILS or self == NO_DETAILS

    def as_placed(self, shipping_method: str | None) -> "OrderDetails":
        """Return what an order keeps: the method by which it is shipped, and no codes."""
        if self.shipping_method == shipping_method and self.codes is None:
            return self
        return replace(self, shipping_method=shipping_method, codes=None)

    @property
    def email_key(self) -> str | None:
        """The e-mail address in the form by which customers differ."""
        return None if self.email is None else self.email.casefold()

    @property
    def buyer_address(self) -> Address | None:
        """The address of the one who is billed; its VAT number is the buyer's."""
        return self.billing_address or self.shipping_address

    @property
    def vat_country(self) -> str | None:
        """The country of the buyer's VAT number, by its prefix."""
        address = self.buyer_address
        return None if address is None else address.vat_country

    @property
    def addresses(self) -> Iterator[tuple[str, Address]]:
        """The given addresses, each with the member that has it."""
        if self.shipping_address is not None:
            yield "shipping_address", self.shipping_address
        if self.billing_address is not None:
            yield "billing_address", self.billing_address

    def destination(self, *, is_shipped: bool) -> Destination | None:
        """Return where the sale is taxed: where it is shipped, or where its buyer is."""
        address = self.shipping_address if is_shipped else self.buyer_address
        return None if address is None else address.destination


NO_DETAILS = OrderDetails()
"""Nothing is given."""
