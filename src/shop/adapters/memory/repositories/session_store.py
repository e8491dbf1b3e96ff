"""Sessions in memory."""

import hashlib
import secrets
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from shop.adapters.memory.engine.database import SessionRow, State
from shop.adapters.memory.engine.paging import newest_first
from shop.adapters.memory.engine.table import require_constraint
from shop.adapters.memory.engine.transaction import MemoryTransaction, StagedRows
from shop.application.ports.paging import Page, PageRequest, TimeCursor
from shop.application.ports.repositories.session_store import SessionStore, SessionToken
from shop.application.ports.unit_of_work import LockOrder
from shop.domain.session import Session, SessionConflict, SessionPolicy

TOKEN_BYTES = 32


class MemorySessionStore(SessionStore):
    """All sessions, in memory, with the hashes of their tokens."""

    def __init__(self, transaction: MemoryTransaction) -> None:
        self._transaction = transaction
        self._rows = StagedRows(transaction, LockOrder.SESSIONS, lambda state: state.sessions)
        self._tokens: dict[UUID, SessionToken] = {}
        self._hashes: dict[UUID, str] = {}
        self._touched: dict[UUID, datetime] = {}
        self._revoked: set[UUID] = set()

    async def find(self, tokens: Collection[SessionToken]) -> Mapping[SessionToken, Session]:
        """Return the sessions of tokens."""
        sessions = self._rows.committed
        return {
            token: row.session
            for token in tokens
            if (row := sessions.find("uq_sessions_token_hash", _hash(token))) is not None
        }

    async def lock(self, tokens: Collection[SessionToken]) -> Mapping[SessionToken, Session]:
        """Like `find`, and lock the sessions."""
        found = await self.find(tokens)
        self._rows.lock([session.id for session in found.values()])
        self._tokens |= {session.id: token for token, session in found.items()}
        self._hashes |= {session.id: _hash(token) for token, session in found.items()}
        return found

    async def lock_by_id(self, session_ids: Collection[UUID]) -> Mapping[UUID, Session]:
        """Return and lock sessions by id."""
        found = self._rows.lock(session_ids)
        self._hashes |= {key: row.token_hash for key, row in found.items()}
        return {key: row.session for key, row in found.items()}

    def needs_rotation(self, session: Session) -> bool:  # noqa: ARG002  The port's signature.
        """Return False, because the hashes have no key."""
        return False

    def create(self, session: Session) -> SessionToken:
        """Stage a new session; return its token."""
        token = _new_token()
        self._rows.add(SessionRow(session=session, token_hash=_hash(token)))
        return token

    def save(self, session: Session) -> SessionToken:
        """Stage the next state of a locked session; return its token."""
        token = self._tokens.get(session.id, "")
        return self._save(session, token, self._hashes.get(session.id, _hash(token)))

    def rotate(self, session: Session) -> SessionToken:
        """Like `save`, with a new token."""
        token = _new_token()
        return self._save(session, token, _hash(token))

    def touch(self, session_id: UUID, at: datetime) -> None:
        """Stage the time of the last use."""
        self._transaction.require_writing()
        self._touched[session_id] = max(at, self._touched.get(session_id, at))

    def revoke(self, session_id: UUID) -> None:
        """Stage the deletion of a session."""
        self._transaction.require_writing()
        self._revoked.add(session_id)

    async def revoke_one(self, user_id: UUID, session_id: UUID) -> bool:
        """Stage the deletion of a session of this user; return whether there was one."""
        return self._revoke_all({session_id} & self._ids_for_user(user_id)) == 1

    async def revoke_all(self, user_id: UUID, *, except_session_id: UUID | None) -> int:
        """Stage the deletion of all sessions of a user except one; return how many."""
        return self._revoke_all(
            {each for each in self._ids_for_user(user_id) if each != except_session_id}
        )

    async def revoke_oldest(self, user_id: UUID, *, keep: int, except_session_id: UUID) -> int:
        """Stage the deletion of the sessions beyond the newest `keep`; return how many."""
        sessions = self._rows.committed.rows
        others = self._ids_for_user(user_id) - {except_session_id}
        newest_first = sorted(
            others, key=lambda each: (sessions[each].session.created_at, each), reverse=True
        )
        return self._revoke_all(set(newest_first[keep:]))

    async def for_user(
        self, user_id: UUID, page: PageRequest[TimeCursor]
    ) -> Page[Session, TimeCursor]:
        """Return a page of a user's sessions, newest first."""
        sessions = self._rows.committed.rows
        return newest_first(
            (sessions[each].session for each in self._ids_for_user(user_id)),
            page,
            lambda session: TimeCursor(at=session.created_at, id=session.id),
        )

    async def purge_expired(self, policy: SessionPolicy, now: datetime) -> int:
        """Stage the deletion of the expired sessions; return how many."""
        rows = self._rows.committed.rows.values()
        return self._revoke_all(
            {row.session.id for row in rows if row.session.is_expired(policy, now)}
        )

    def apply(self, state: State) -> State:
        """Return the state with the staged changes; deletions win over all others."""
        for row in self._rows.staged:
            has_user = row.session.user_id is None or row.session.user_id in state.users.rows
            require_constraint(has_user, "fk_sessions_user_id_users")
            guest_id = row.session.guest_id
            has_guest = guest_id is None or guest_id in state.users.rows
            require_constraint(has_guest, "fk_sessions_guest_id_users")
        sessions = self._rows.apply(state)
        touched = [
            replace(row, session=row.session.used_at(self._touched[key]))
            for key, row in sessions.get_many(self._touched).items()
        ]
        return replace(state, sessions=sessions.with_changes(saved=touched, removed=self._revoked))

    def _ids_for_user(self, user_id: UUID) -> set[UUID]:
        rows = self._rows.committed.rows.values()
        return {row.session.id for row in rows if row.session.user_id == user_id}

    def _revoke_all(self, ids: set[UUID]) -> int:
        self._transaction.require_writing()
        self._revoked |= ids
        return len(ids)

    def _save(self, session: Session, token: SessionToken, token_hash: str) -> SessionToken:
        if session.version != self._rows.require_locked(session.id).session.version:
            raise SessionConflict
        next_version = replace(session, version=session.version + 1)
        self._rows.save(SessionRow(session=next_version, token_hash=token_hash))
        self._tokens[session.id], self._hashes[session.id] = token, token_hash
        return token


def _new_token() -> SessionToken:
    return secrets.token_urlsafe(TOKEN_BYTES)


def _hash(token: SessionToken) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
