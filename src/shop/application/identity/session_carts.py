"""The carts of a group of sessions: visitors have their own, all sessions of a customer share one.

A signed-in session has lines of its own if it is from before the shop knew customers' carts, or
if an older server has put them there. They count as part of the customer's cart, and become part
of it with the next change.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Self
from uuid import UUID

from shop.application.ports.unit_of_work import TransactionConflict, UnitOfWork
from shop.domain.customer_cart import EMPTY_CART, CartContent, CustomerCart
from shop.domain.session import Session


class SessionCarts:
    """Shows and stages carts, each as the changes before have left it."""

    def __init__(self, uow: UnitOfWork, customer_carts: Mapping[UUID, CustomerCart]) -> None:
        self._uow = uow
        self._customer_carts = dict(customer_carts)
        self._changed: set[UUID] = set()

    @classmethod
    async def load(cls, uow: UnitOfWork, sessions: Iterable[Session]) -> Self:
        """Read the carts of customers, which cannot be saved."""
        user_ids = _user_ids(sessions)
        return cls(uow, await uow.customer_carts.get_many(user_ids) if user_ids else {})

    @classmethod
    async def lock(cls, uow: UnitOfWork, user_ids: Iterable[UUID]) -> Self:
        """Lock the carts of these customers; who never had one keeps the lines of the session."""
        wanted = set(user_ids)
        return cls(uow, await uow.customer_carts.lock(wanted) if wanted else {})

    @classmethod
    async def for_orders(
        cls, uow: UnitOfWork, taken: Collection[UUID], read: Collection[UUID]
    ) -> Self:
        """Lock the carts that orders take, and read those whose details they have.

        Of those, the ones with codes are locked, too: an order takes the codes that it uses.
        """
        others = set(read) - set(taken)
        found = dict(await uow.customer_carts.get_many(others)) if others else {}
        locked = {*taken, *(each for each, cart in found.items() if cart.content.codes)}
        if locked:
            found |= await uow.customer_carts.lock(locked)
        return cls(uow, found)

    @classmethod
    async def lock_or_add(cls, uow: UnitOfWork, sessions: Iterable[Session]) -> Self:
        """Lock the carts of the sessions' customers; each has one from then on."""
        user_ids = _user_ids(sessions)
        return cls(uow, await uow.customer_carts.lock_or_add(user_ids) if user_ids else {})

    @classmethod
    async def for_sign_in(cls, uow: UnitOfWork, session: Session, user_id: UUID) -> Self:
        """Lock the cart that the session's becomes part of, unless there is nothing in it."""
        if not session.has_content:
            return cls(uow, {})
        return cls(uow, await uow.customer_carts.lock_or_add([user_id]))

    @classmethod
    def for_new_user(cls, uow: UnitOfWork, user_id: UUID) -> Self:
        """Stage the cart of a user who signs up."""
        cart = CustomerCart.new(user_id)
        uow.customer_carts.add(cart)
        return cls(uow, {user_id: cart})

    def content(self, session: Session) -> CartContent:
        """Return the cart of a session."""
        cart = self._find(session)
        if cart is None:
            return session.content
        return cart.content.merged_with(session.content) if session.has_content else cart.content

    def content_to_order(self, session: Session) -> CartContent:
        """Return the cart of a session whose products, codes and addresses have been looked up.

        Raise `TransactionConflict` if they may be others: the session has content of its own, and
        the customer's cart, which hid a part of it, has been changed since.
        """
        if session.has_content and session.user_id in self._changed:
            raise TransactionConflict("an order of the same group has changed the cart")
        return self.content(session)

    def merge(self, session: Session) -> Session:
        """Make the session's own cart part of the customer's."""
        return self.save(session, self.content(session))

    def save(self, session: Session, content: CartContent) -> Session:
        """Stage the cart of a session; return the session as it is to be saved."""
        cart = self._find(session)
        if cart is not None:
            self._save(cart, content)
        return self.saved_session(session, content)

    def saved_session(self, session: Session, content: CartContent) -> Session:
        """Return a session as `save` does, and stage nothing."""
        return session.with_content(content if self._find(session) is None else EMPTY_CART)

    def change(self, user_id: UUID, change: Callable[[CartContent], CartContent]) -> None:
        """Stage a change of a customer's cart, if there is one; sessions keep their own lines."""
        cart = self._customer_carts.get(user_id)
        if cart is not None:
            self._save(cart, change(cart.content))

    def _find(self, session: Session) -> CustomerCart | None:
        return None if session.user_id is None else self._customer_carts.get(session.user_id)

    def _save(self, cart: CustomerCart, content: CartContent) -> None:
        if content != cart.content:
            saved = cart.with_content(content)
            self._uow.customer_carts.save(saved)
            self._customer_carts[cart.user_id] = saved
            self._changed.add(cart.user_id)


def _user_ids(sessions: Iterable[Session]) -> set[UUID]:
    return {each.user_id for each in sessions if each.user_id is not None}
