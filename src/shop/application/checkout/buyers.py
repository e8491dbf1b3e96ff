"""Who orders in the sessions of a group: signed-in users, or guests."""

from datetime import datetime
from uuid import UUID

from shop.application.identity.authentication import CurrentSession, ResolvedSessions
from shop.application.ports.id_generator import IdGenerator
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.guest import new_guest
from shop.domain.orders.order_details import OrderDetails
from shop.domain.payment import PaymentMethod
from shop.domain.session import NotSignedIn
from shop.domain.shared.errors import InvalidValue
from shop.domain.user import Role


class Buyers:
    """The users of sessions, and the guests of sessions without a user.

    A guest is made with the first order of a session. Until then there is only its id, one for each
    session.
    """

    def __init__(
        self, resolved_sessions: ResolvedSessions, ids: IdGenerator, *, allows_guests: bool
    ) -> None:
        self._resolved_sessions = resolved_sessions
        self._ids = ids
        self._allows_guests = allows_guests
        self._new_guests: dict[UUID, UUID] = {}
        self._added: set[UUID] = set()

    @property
    def new_guests(self) -> frozenset[UUID]:
        """The ids of guests who have ordered nothing before."""
        return frozenset(self._new_guests.values())

    def require(self, token: SessionToken | None, method: PaymentMethod) -> UUID:
        """Return whose order it is.

        Raise `NotSignedIn`, `SessionExpired`, or `Forbidden` unless the user may buy. A guest has
        no account to pay from.
        """
        current_session = self._resolved_sessions.find_unexpired(token)
        if current_session is None:
            raise NotSignedIn
        if current_session.user is not None:
            current_session.user.require(Role.CUSTOMER)
            return current_session.user.id
        if method is PaymentMethod.ACCOUNT:
            raise NotSignedIn
        if current_session.guest is not None:
            return current_session.guest.id
        if not self._allows_guests:
            raise NotSignedIn
        return self._new_guests.setdefault(current_session.session.id, self._ids.new())

    def session(self, token: SessionToken | None) -> CurrentSession:
        """Return the session of a buyer; raise `NotSignedIn` if it opens none."""
        current_session = self._resolved_sessions.find(token)
        if current_session is None:
            raise NotSignedIn
        return current_session

    def require_details(self, current_session: CurrentSession, details: OrderDetails) -> None:
        """Raise `NotSignedIn` or `InvalidValue` unless a guest may order with these details.

        Earlier orders of a guest are found even if the shop has no guests any more.
        """
        if current_session.user is not None:
            return
        if not self._allows_guests:
            raise NotSignedIn
        if details.email is None:
            raise InvalidValue(field="email", rule="is required for an order without signing in")

    def add_guest(
        self, uow: UnitOfWork, guest_id: UUID, details: OrderDetails, *, at: datetime
    ) -> None:
        """Stage a guest, unless there is one already."""
        if guest_id in self.new_guests - self._added:
            self._added.add(guest_id)
            uow.users.add(new_guest(guest_id, details, at=at))
