"""Users in a relational database."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Integer, Row, bindparam, exists, select, true

from shop.adapters.sql.repositories.table_repository import SqlTableRepository
from shop.adapters.sql.schema.column_types import UtcDateTime
from shop.adapters.sql.schema.tables import idempotency_keys, orders, sessions, users
from shop.adapters.sql.statements.connection import SqlConnection
from shop.adapters.sql.statements.paging import newest_first, to_page
from shop.adapters.sql.statements.writes import Fields, PendingWrite, delete_rows, insert_rows
from shop.application.ports.paging import Page, PageRequest, TimeCursor
from shop.application.ports.repositories.users import Users
from shop.application.ports.unit_of_work import LockOrder
from shop.domain.user import EmailTaken, User

USERS = select(users).order_by(users.c.id)


def _is_of_guest(column: Column[Any]) -> ColumnElement[bool]:
    return exists().where(column == users.c.id)


GUESTS_WITHOUT_ORDERS = (
    select(users.c.id)
    .where(
        users.c.is_guest == true(),
        users.c.created_at < bindparam("before", type_=UtcDateTime()),
        ~_is_of_guest(orders.c.user_id),
        ~_is_of_guest(idempotency_keys.c.user_id),
        ~_is_of_guest(sessions.c.guest_id),
    )
    .order_by(users.c.created_at, users.c.id)
    .limit(bindparam("number", type_=Integer()))
)


class SqlUsers(Users):
    """The table of users."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection
        self._users = SqlTableRepository(
            connection, USERS, users.c.id, to_entity=_user, to_fields=_fields
        )
        # Their addresses are made of new ids, so that they need no lock.
        self._guests: list[Fields] = []
        self._removed_guests: list[Fields] = []

    async def get_many(self, ids: Collection[UUID]) -> Mapping[UUID, User]:
        """Return users by id."""
        return {each.id: each for each in await self._users.get_many(ids, by=users.c.id)}

    async def with_emails(self, emails: Collection[str]) -> Mapping[str, User]:
        """Return users by normalised e-mail address."""
        found = await self._users.get_many(emails, by=users.c.email)
        return {each.email: each for each in found}

    async def lock(self, ids: Collection[UUID]) -> Mapping[UUID, User]:
        """Like `get_many`, and lock the rows."""
        return {
            each.id: each for each in await self._users.lock(LockOrder.USERS, ids, by=users.c.id)
        }

    async def search(
        self, words: str, page: PageRequest[TimeCursor], *, includes_guests: bool = False
    ) -> Page[User, TimeCursor]:
        """Return a page of users that contain the words, newest first."""
        statement = select(users)
        if not includes_guests:
            statement = statement.where(users.c.is_guest.is_(False))
        if words:
            found = users.c.search_text.contains(words.casefold(), autoescape=True)
            statement = statement.where(found)
        rows = await self._connection.fetch_all(
            newest_first(statement, users.c.created_at, users.c.id, page)
        )
        return to_page(
            [_user(row) for row in rows],
            page,
            lambda user: TimeCursor(at=user.created_at, id=user.id),
        )

    async def guests_without_orders(self, before: datetime, limit: int) -> Sequence[UUID]:
        """Return guests of before a time without orders, keys and sessions."""
        rows = await self._connection.fetch_prepared(
            GUESTS_WITHOUT_ORDERS, {"before": before, "number": limit}
        )
        return [row.id for row in rows]

    def add(self, user: User) -> None:
        """Stage a new user."""
        if user.is_guest:
            self._connection.require_staging()
            self._guests.append(_fields(user))
        else:
            self._users.add(user)

    def save(self, user: User) -> None:
        """Stage the new state of a locked user."""
        self._users.save(user)

    def remove_guests(self, ids: Collection[UUID]) -> None:
        """Stage the deletion of guests."""
        self._connection.require_staging()
        self._removed_guests += [{"id": each, "is_guest": True} for each in sorted(ids)]

    async def insert_unique(self) -> None:
        """Insert new users; raise `EmailTaken` if an address is in use by now."""
        if await self._users.insert_if_absent():
            raise EmailTaken

    def pending_writes(self) -> Iterator[PendingWrite]:
        """Yield the other staged writes."""
        yield from insert_rows(users, self._guests)
        yield from self._users.updates()
        yield from delete_rows(users, self._removed_guests)


def search_text_of(email: str, name: str) -> str:
    """Return the text in which staff search for a user."""
    return f"{email}\n{name}".casefold()


def _user(row: Row[Any]) -> User:
    return User(
        id=row.id,
        name=row.name,
        email=row.email,
        password_hash=row.password_hash,
        roles=row.roles,
        enabled=row.enabled,
        created_at=row.created_at,
        is_guest=row.is_guest,
    )


def _fields(user: User) -> Fields:
    return {
        "id": user.id,
        "name": user.name,
        "email": user.email,
        "password_hash": user.password_hash,
        "roles": user.roles,
        "enabled": user.enabled,
        "search_text": search_text_of(user.email, user.name),
        "created_at": user.created_at,
        "is_guest": user.is_guest,
    }
