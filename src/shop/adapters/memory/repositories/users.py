"""Users in memory."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from shop.adapters.memory.engine.database import State
from shop.adapters.memory.engine.paging import newest_first
from shop.adapters.memory.engine.transaction import MemoryTransaction, StagedRows
from shop.application.ports.paging import Page, PageRequest, TimeCursor
from shop.application.ports.repositories.users import Users
from shop.application.ports.unit_of_work import ConstraintViolated, LockOrder
from shop.domain.user import EmailTaken, User

_UNIQUE_EMAIL = "uq_users_email"


class MemoryUsers(Users):
    """All users, in memory."""

    def __init__(self, transaction: MemoryTransaction) -> None:
        self._transaction = transaction
        self._rows = StagedRows(transaction, LockOrder.USERS, lambda state: state.users)
        self._removed_guests: set[UUID] = set()

    async def get_many(self, ids: Collection[UUID]) -> Mapping[UUID, User]:
        """Return users by id."""
        return self._rows.committed.get_many(ids)

    async def with_emails(self, emails: Collection[str]) -> Mapping[str, User]:
        """Return users by normalised e-mail address."""
        users = self._rows.committed
        return {
            email: user
            for email in emails
            if (user := users.find(_UNIQUE_EMAIL, email)) is not None
        }

    async def lock(self, ids: Collection[UUID]) -> Mapping[UUID, User]:
        """Like `get_many`, and lock the users."""
        return self._rows.lock(ids)

    async def search(
        self, words: str, page: PageRequest[TimeCursor], *, includes_guests: bool = False
    ) -> Page[User, TimeCursor]:
        """Return a page of users that contain the words, newest first."""
        search_words = words.casefold()
        return newest_first(
            (
                user
                for user in self._rows.committed.rows.values()
                if search_words in f"{user.email}\n{user.name}".casefold()
                and (includes_guests or not user.is_guest)
            ),
            page,
            lambda user: TimeCursor(at=user.created_at, id=user.id),
        )

    async def guests_without_orders(self, before: datetime, limit: int) -> Sequence[UUID]:
        """Return guests of before a time without orders, keys and sessions."""
        state = self._transaction.state
        needed = {
            *(each.user_id for each in state.orders.rows.values()),
            *(each.user_id for each in state.idempotency_keys.rows),
            *(each.session.guest_id for each in state.sessions.rows.values()),
        }
        found = sorted(
            (each.created_at, each.id)
            for each in state.users.rows.values()
            if each.is_guest and each.created_at < before and each.id not in needed
        )
        return [guest_id for _, guest_id in found[:limit]]

    def add(self, user: User) -> None:
        """Stage a new user."""
        self._rows.add(user)

    def save(self, user: User) -> None:
        """Stage the new state of a locked user."""
        self._rows.save(user)

    def remove_guests(self, ids: Collection[UUID]) -> None:
        """Stage the deletion of guests."""
        self._transaction.require_writing()
        self._removed_guests |= set(ids)

    def apply(self, state: State) -> State:
        """Return the state after what is staged; raise `EmailTaken` for an address in use."""
        try:
            users = self._rows.apply(state).with_changes(removed=self._removed_guests)
            return replace(state, users=users)
        except ConstraintViolated as violation:
            if violation.constraint == _UNIQUE_EMAIL:
                raise EmailTaken from violation
            raise
