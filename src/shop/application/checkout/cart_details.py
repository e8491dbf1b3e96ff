"""Changes what is entered beside the lines of a cart: addresses, shipping and codes."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final, Literal, TypedDict

from shop.application.checkout.address_checks import AddressChecks
from shop.application.checkout.cart_changes import CartChanged, CartChanges
from shop.application.checkout.priced_cart import CartPricer, CartPricing, OwnedCart
from shop.application.identity.authentication import CurrentSession
from shop.application.identity.session_carts import SessionCarts
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.pricing.quote_cart import ShippingOption
from shop.application.transactions.runner import TransactionRunner
from shop.domain.address import Address
from shop.domain.customer_cart import EMPTY_CART, CartContent
from shop.domain.orders.order_details import MAX_CODES
from shop.domain.pricing.promotions.promotion_code import normalise_code
from shop.domain.pricing.quote_errors import require_no_problems
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.value import value
from shop.domain.user import normalise_new_email

_ADDRESSES: Final[tuple[Literal["shipping_address", "billing_address"], ...]] = (
    "shipping_address",
    "billing_address",
)


class NewDetails(TypedDict, total=False):
    """What is to be replaced; None removes it."""

    email: str | None
    shipping_address: Address | None
    billing_address: Address | None
    shipping_method: str | None


@value
class ChangeCartDetails:
    """Replace some details of the cart."""

    session: SessionToken | None
    details: NewDetails


@value
class AddCode:
    """Add the code of a promotion to the cart."""

    session: SessionToken | None
    code: str


@value
class RemoveCode:
    """Remove a code from the cart."""

    session: SessionToken | None
    code: str


class CartDetails:
    """Changes the details of carts, and finds the shipping methods that serve them."""

    def __init__(
        self,
        transactions: TransactionRunner,
        pricer: CartPricer,
        changes: CartChanges,
        addresses: AddressChecks,
    ) -> None:
        self._transactions = transactions
        self._pricer = pricer
        self._changes = changes
        self._addresses = addresses

    async def change(self, command: ChangeCartDetails) -> CartChanged:
        """Replace details; a session is begun if there is none.

        Raise `InvalidValue`, `InvalidAddress`, `SessionExpired` or `SessionConflict`.
        """
        new = await self._normalised(command.details)

        def change(cart: OwnedCart, _: CartPricing) -> CartContent:
            return replace(cart.content, details=replace(cart.content.details, **new))

        return await self._changes.change_or_begin(command.session, change)

    async def add_code(self, command: AddCode) -> CartChanged:
        """Add a code that the cart can have; a better promotion may be in its place.

        Raise `InvalidValue`, `CodeNotFound`, `CodeUsedUp`, `CodeNotApplicable`, `SessionExpired`
        or `SessionConflict`; then nothing is changed.
        """
        code = normalise_code(command.code)

        def add(cart: OwnedCart, pricing: CartPricing) -> CartContent:
            codes = cart.content.codes
            if code not in codes:
                if len(codes) >= MAX_CODES:
                    rule = f"must not be one more than the {MAX_CODES} that a cart can have"
                    raise InvalidValue(field="code", rule=rule)
                cart = replace(cart, content=cart.content.with_codes([*codes, code]))
            require_no_problems(pricing.problems_of_code(cart, code))
            return cart.content

        return await self._changes.change_or_begin(command.session, add, code)

    async def remove_code(self, command: RemoveCode) -> CartChanged:
        """Remove a code, whether it is in the cart or not; errors are those of `CartChanges`."""
        code = normalise_code(command.code)

        def remove(cart: OwnedCart, _: CartPricing) -> CartContent:
            return cart.content.with_codes([each for each in cart.content.codes if each != code])

        return await self._changes.change(command.session, remove)

    async def shipping_methods(
        self, current_session: CurrentSession | None
    ) -> Sequence[ShippingOption]:
        """Return the methods that serve the cart of a session, the cheapest first."""
        return await self._transactions.read(partial(self._shipping_methods, current_session))

    async def _shipping_methods(
        self, current_session: CurrentSession | None, uow: UnitOfWork
    ) -> Sequence[ShippingOption]:
        cart = OwnedCart(content=EMPTY_CART, user_id=None)
        if current_session is not None:
            session = current_session.session
            cart = OwnedCart.of(await SessionCarts.load(uow, [session]), session)
        return (await self._pricer.load(uow, [cart])).shipping_options(cart)

    async def _normalised(self, details: NewDetails) -> NewDetails:
        new = details.copy()
        email = details.get("email")
        if email is not None:
            new["email"] = normalise_new_email(email)
        addresses = await self._addresses.normalise(
            {member: details[member] for member in _ADDRESSES if member in details}
        )
        for member in _ADDRESSES:
            if member in addresses:
                new[member] = addresses[member]
        return new
