"""The sessions in which orders were placed by card, and the carts that these orders take."""

from collections.abc import Collection, Mapping
from functools import partial
from uuid import UUID

from shop.application.identity.authentication import (
    CurrentSession,
    ResolvedSessions,
    SessionAuthenticator,
)
from shop.application.identity.session_carts import SessionCarts
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.customer_cart import CartContent
from shop.domain.orders.order import Order
from shop.domain.payment import Payment
from shop.domain.session import Session, SessionConflict, SessionTooLarge


class PlacementSessions:
    """The sessions in which a group of orders was placed."""

    def __init__(
        self,
        uow: UnitOfWork,
        authenticator: SessionAuthenticator,
        resolved_sessions: ResolvedSessions,
        other_sessions: Mapping[UUID, Session],
        carts: SessionCarts,
    ) -> None:
        self._uow = uow
        self._authenticator = authenticator
        self._resolved_sessions = resolved_sessions
        self._sessions = dict(other_sessions)
        self._carts = carts

    def remember_order(
        self, order: Order, payment: Payment, token: SessionToken | None
    ) -> SessionToken | None:
        """Store the last order in its session, if it still exists; return a new token.

        What it has taken leaves the cart, whatever has become of the session: its codes, and its
        lines if it was the cart.
        """
        session_id = payment.card_details.session_id
        current_session = own_session(self._resolved_sessions, token, payment)
        before = self._sessions.get(session_id) or (
            current_session.session if current_session else None
        )
        if before is None or before.buyer_id != order.user_id:
            self._take_from_customer(order, payment)
            return None
        session = before.with_last_order(order.id)
        cart = self._carts.content(before)
        left = _without_taken(order, payment, cart)
        if left != cart:
            session = self._carts.saved_session(session, left)
        try:
            new_token = self._save(session, current_session)
        except (SessionConflict, SessionTooLarge):
            # The order is paid all the same, and listed for its user. Lines of the session itself
            # stay there, so they must not become part of the customer's cart as well.
            self._take_from_customer(order, payment)
            return None
        if left != cart:
            self._carts.save(before, left)
        self._sessions[session_id] = session
        return new_token

    def _take_from_customer(self, order: Order, payment: Payment) -> None:
        self._carts.change(order.user_id, partial(_without_taken, order, payment))

    def _save(
        self, session: Session, current_session: CurrentSession | None
    ) -> SessionToken | None:
        if current_session is not None:
            return self._authenticator.save(self._uow, current_session, session).new_token
        self._uow.sessions.save(session)
        return None


def own_session(
    resolved_sessions: ResolvedSessions, token: SessionToken | None, payment: Payment
) -> CurrentSession | None:
    """Return the token's session if the order was placed in it."""
    current_session = resolved_sessions.find(token)
    is_own = (
        current_session is not None
        and current_session.session.id == payment.card_details.session_id
    )
    return current_session if is_own else None


def _without_taken(order: Order, payment: Payment, cart: CartContent) -> CartContent:
    if payment.card_details.clears_cart:
        quantities = {line.sku: line.quantity for line in order.lines}
        return cart.without_ordered(quantities, codes_of(order))
    return cart.without_codes(codes_of(order))


def codes_of(order: Order) -> Collection[str]:
    """Return the codes that an order has used."""
    return {each.code for each in order.discounts if each.code is not None}
