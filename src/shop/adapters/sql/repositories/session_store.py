"""Sessions in a relational database, in the transaction of all other changes."""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, Row, Table, and_, delete, or_, select

from shop.adapters.sql.schema.details_documents import details_from_document, details_to_document
from shop.adapters.sql.schema.tables import sessions
from shop.adapters.sql.statements.connection import SqlConnection
from shop.adapters.sql.statements.guards import next_version, same_version
from shop.adapters.sql.statements.paging import newest_first, to_page
from shop.adapters.sql.statements.writes import (
    Fields,
    PendingWrite,
    delete_rows,
    insert_rows,
    lock_rows,
    update_rows,
)
from shop.application.ports.paging import Page, PageRequest, TimeCursor
from shop.application.ports.repositories.session_store import SessionStore, SessionToken
from shop.application.ports.unit_of_work import LockOrder
from shop.domain.cart import Cart
from shop.domain.session import Session, SessionConflict, SessionPolicy
from shop.domain.shared.line_quantity import LineQuantity

TOKEN_BYTES = 32

SESSIONS = select(sessions).order_by(sessions.c.id)


class SqlSessionStore(SessionStore):
    """The table of sessions.

    A token is 256 random bits. Only its keyed hash is stored, so that neither the table nor the
    operator's secrets alone reveal a token.
    """

    def __init__(self, connection: SqlConnection, keys: Callable[[], Sequence[bytes]]) -> None:
        self._connection = connection
        self._load_keys = keys
        self._tokens: dict[UUID, SessionToken] = {}
        self._hashes: dict[UUID, str] = {}
        self._locked: dict[UUID, int] = {}
        self._needing_rotation: set[UUID] = set()
        self._created: dict[UUID, Fields] = {}
        self._saved: dict[UUID, Fields] = {}
        self._touched: dict[UUID, datetime] = {}
        self._revoked: set[UUID] = set()
        # A token is asked for when its session is read ahead, locked and saved.
        self._hash = cache(_hash)

    async def find(self, tokens: Collection[SessionToken]) -> Mapping[SessionToken, Session]:
        """Return the sessions of tokens."""
        return await self._find(tokens, lock=None)

    async def lock(self, tokens: Collection[SessionToken]) -> Mapping[SessionToken, Session]:
        """Like `find`, and lock the rows."""
        found = await self._find(tokens, lock=LockOrder.SESSIONS)
        self._locked |= {each.id: each.version for each in found.values()}
        return found

    async def lock_by_id(self, session_ids: Collection[UUID]) -> Mapping[UUID, Session]:
        """Return sessions by id, and lock the rows."""
        rows = await self._connection.fetch_where_in(
            SESSIONS, sessions.c.id, session_ids, lock=LockOrder.SESSIONS
        )
        self._locked |= {row.id: row.version for row in rows}
        self._hashes |= {row.id: row.token_hash for row in rows}
        return {row.id: _session(row) for row in rows}

    def needs_rotation(self, session: Session) -> bool:
        """Check whether the token's hash was made with an old key."""
        return session.id in self._needing_rotation

    def create(self, session: Session) -> SessionToken:
        """Stage a new session; return its token."""
        self._connection.require_staging()
        token = self._tokens[session.id] = secrets.token_urlsafe(TOKEN_BYTES)
        self._created[session.id] = self._fields(session, version=session.version)
        return token

    def save(self, session: Session) -> SessionToken:
        """Stage the next state of a locked session; the token stays, its hash is renewed."""
        self._connection.require_staging()
        if session.id not in self._locked:
            raise RuntimeError(f"session {session.id} was not locked in this unit of work")
        self._saved[session.id] = self._fields(session, version=session.version + 1)
        return self._tokens.get(session.id, "")

    def rotate(self, session: Session) -> SessionToken:
        """Like `save`, with a new token."""
        self._tokens[session.id] = secrets.token_urlsafe(TOKEN_BYTES)
        return self.save(session)

    def touch(self, session_id: UUID, at: datetime) -> None:
        """Stage the time of the last use."""
        self._connection.require_staging()
        self._touched[session_id] = max(at, self._touched.get(session_id, at))

    def revoke(self, session_id: UUID) -> None:
        """Stage the deletion of a session."""
        self._connection.require_staging()
        self._revoked.add(session_id)

    async def revoke_one(self, user_id: UUID, session_id: UUID) -> bool:
        """Delete a session of this user; return whether there was one."""
        is_own = and_(sessions.c.user_id == user_id, sessions.c.id == session_id)
        return await self._connection.execute(delete(sessions).where(is_own)) > 0

    async def revoke_all(self, user_id: UUID, *, except_session_id: UUID | None) -> int:
        """Delete all sessions of a user except one, locked in their order; return how many."""
        is_own = sessions.c.user_id == user_id
        others = (
            is_own
            if except_session_id is None
            else and_(is_own, sessions.c.id != except_session_id)
        )
        locked = select(sessions.c.id).where(others).order_by(sessions.c.id).with_for_update()
        return await self._connection.execute(delete(sessions).where(sessions.c.id.in_(locked)))

    async def revoke_oldest(self, user_id: UUID, *, keep: int, except_session_id: UUID) -> int:
        """Delete the user's sessions beyond the newest `keep`, without one; return how many."""
        surplus = (
            select(sessions.c.id)
            .where(sessions.c.user_id == user_id, sessions.c.id != except_session_id)
            .order_by(sessions.c.created_at.desc(), sessions.c.id.desc())
            .offset(keep)
        )
        return await self._connection.execute(delete(sessions).where(sessions.c.id.in_(surplus)))

    async def for_user(
        self, user_id: UUID, page: PageRequest[TimeCursor]
    ) -> Page[Session, TimeCursor]:
        """Return a page of a user's sessions, newest first."""
        statement = select(sessions).where(sessions.c.user_id == user_id)
        rows = await self._connection.fetch_all(
            newest_first(statement, sessions.c.created_at, sessions.c.id, page)
        )
        return to_page(
            [_session(row) for row in rows],
            page,
            lambda session: TimeCursor(at=session.created_at, id=session.id),
        )

    async def purge_expired(self, policy: SessionPolicy, now: datetime) -> int:
        """Delete the expired sessions; return how many."""
        expired = or_(
            sessions.c.last_seen_at <= now - policy.idle,
            and_(
                sessions.c.user_id.is_(None), sessions.c.last_seen_at <= now - policy.visitor_idle
            ),
            sessions.c.created_at <= now - policy.absolute,
        )
        return await self._connection.execute(delete(sessions).where(expired))

    def pending_writes(self) -> Iterator[PendingWrite]:
        """Yield the staged writes; they raise `SessionConflict` if a row has changed."""
        yield from delete_rows(sessions, [{"id": each} for each in sorted(self._revoked)])
        if not self._connection.holds_locks:
            yield from self._guards()
        yield from insert_rows(sessions, self._not_revoked(self._created))
        yield from update_rows(
            sessions,
            ["id"],
            self._not_revoked(self._saved),
            only_if=next_version,
            # Without a lock, a server whose clock is ahead may have touched it.
            greatest="" if self._connection.holds_locks else "last_seen_at",
            error_if_incomplete=SessionConflict(),
        )
        touched = [
            {"id": each, "last_seen_at": at}
            for each, at in self._touched.items()
            if each not in self._saved and each not in self._revoked
        ]
        yield from update_rows(sessions, ["id"], touched, only_if=_is_later)

    def _guards(self) -> Iterator[PendingWrite]:
        """Yield what makes sure that sessions on which something was decided were not revoked."""
        unwritten = self._locked.keys() - self._saved.keys() - self._touched.keys() - self._revoked
        known = [{"id": each, "version": self._locked[each]} for each in sorted(unwritten)]
        yield from lock_rows(sessions, "id", known, only_if=same_version)

    def _not_revoked(self, staged: Mapping[UUID, Fields]) -> Sequence[Fields]:
        return [fields for each, fields in staged.items() if each not in self._revoked]

    async def _find(
        self, tokens: Collection[SessionToken], *, lock: LockOrder | None
    ) -> dict[SessionToken, Session]:
        hashes = self._hashes_of(tokens)
        rows = await self._connection.fetch_where_in(
            SESSIONS, sessions.c.token_hash, list(hashes), lock=lock
        )
        found: dict[SessionToken, Session] = {}
        for row in rows:
            token, key = hashes[row.token_hash]
            found[token] = _session(row)
            self._tokens[row.id] = token
            if key != self._load_keys()[0]:
                self._needing_rotation.add(row.id)
        return found

    def tokens_by_hash(self, tokens: Collection[SessionToken]) -> Mapping[str, SessionToken]:
        """Return the tokens by each hash under which they can be stored."""
        return {hashed: token for hashed, (token, _) in self._hashes_of(tokens).items()}

    def _hashes_of(self, tokens: Collection[SessionToken]) -> dict[str, tuple[SessionToken, bytes]]:
        return {
            self._hash(key, token): (token, key) for token in tokens for key in self._load_keys()
        }

    def _fields(self, session: Session, *, version: int) -> Fields:
        return {
            "id": session.id,
            "token_hash": self._token_hash(session.id),
            "user_id": session.user_id,
            "roles": session.roles,
            "signed_in_at": session.signed_in_at,
            "preferences": session.preferences,
            "cart": {line.sku: line.quantity for line in session.cart.lines},
            "last_order_id": session.last_order_id,
            "created_at": session.created_at,
            "last_seen_at": session.last_seen_at,
            "version": version,
            "checkout": details_to_document(session.details),
            "guest_id": session.guest_id,
        }

    def _token_hash(self, session_id: UUID) -> str:
        """Return the hash with the newest key, or the stored one if the token is unknown."""
        if session_id in self._tokens:
            return self._hash(self._load_keys()[0], self._tokens[session_id])
        return self._hashes[session_id]


def _is_later(table: Table, rows: FromClause) -> ColumnElement[bool]:
    return table.c.last_seen_at < rows.c.last_seen_at


def _hash(key: bytes, token: SessionToken) -> str:
    return hmac.digest(key, token.encode(), hashlib.sha256).hex()


def _session(row: Row[Any]) -> Session:
    return Session(
        id=row.id,
        user_id=row.user_id,
        roles=row.roles,
        signed_in_at=row.signed_in_at,
        preferences=row.preferences,
        cart=Cart(
            lines=tuple(
                LineQuantity(sku=sku, quantity=quantity) for sku, quantity in row.cart.items()
            )
        ),
        last_order_id=row.last_order_id,
        created_at=row.created_at,
        last_seen_at=row.last_seen_at,
        version=row.version,
        details=details_from_document(row.checkout),
        guest_id=row.guest_id,
    )
