"""The sessions in which orders were placed by card, and the carts that these orders take."""

from collections.abc import Collection, Mapping
from uuid import UUID

from shop.application.identity.authentication import (
    CurrentSession,
    ResolvedSessions,
    SessionAuthenticator,
)
from shop.application.identity.session_carts import SessionCarts
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
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

        If the order was the cart, its lines leave the cart, whatever has become of the session.
        """
        session_id = payment.card_details.session_id
        current_session = own_session(self._resolved_sessions, token, payment)
        before = self._sessions.get(session_id) or (
            current_session.session if current_session else None
        )
        if before is None or before.buyer_id != order.user_id:
            if payment.card_details.clears_cart:
                self._carts.remove_ordered(order.user_id, _quantities(order), _codes(order))
            return None
        session = before.with_last_order(order.id)
        if payment.card_details.clears_cart:
            cart = self._carts.content(before)
            left = cart.without_ordered(_quantities(order), _codes(order))
            session = self._carts.save(session, left)
        try:
            new_token = self._save(session, current_session)
        except (SessionConflict, SessionTooLarge):
            # The order is paid all the same, and listed for its user.
            return None
        self._sessions[session_id] = session
        return new_token

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


def _quantities(order: Order) -> Mapping[str, int]:
    return {line.sku: line.quantity for line in order.lines}


def _codes(order: Order) -> Collection[str]:
    return {each.code for each in order.discounts if each.code is not None}
