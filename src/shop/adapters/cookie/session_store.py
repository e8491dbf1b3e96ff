"""Sessions whose cart and preferences are encrypted in the cookie."""

import base64
import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from cryptography.fernet import Fernet, InvalidToken

from shop.adapters.system.keyring import Keyring
from shop.application.ports.clock import Clock
from shop.application.ports.paging import Page, PageRequest, TimeCursor
from shop.application.ports.repositories.session_store import SessionStore, SessionToken
from shop.domain.cart import Cart
from shop.domain.session import Session, SessionConflict, SessionPolicy, SessionTooLarge
from shop.domain.shared.line_quantity import LineQuantity
from shop.domain.shared.value import value

MAX_TOKEN_BYTES = 4000
"""Browsers keep cookies of 4096 bytes, including name and `=` (RFC 6265, section 6.1)."""

ROW_TOKEN_CHARACTERS = 43
"""The length of the rows' tokens: 256 random bits in base 64."""

PARALLEL_REQUEST_WINDOW = timedelta(seconds=10)
"""Two requests further apart are not parallel. Then an older cookie is the visitor's only one,
because the response with the newer one never arrived."""

_CANONICAL = re.compile(r"(?:[A-Za-z0-9_-]{4})+(?:[A-Za-z0-9_-]{2}==|[A-Za-z0-9_-]{3}=)?")


@value
class _EncryptedContent:
    """The decrypted token: the row's token, and the content with its version."""

    token: SessionToken
    version: int
    preferences: Mapping[str, Any]
    cart: Cart
    key_is_old: bool


class CookieSessionStore(SessionStore):
    """Encrypts preferences and cart into the token (Fernet).

    Another store has a row for each session, with user, times, last order and version. So a
    session can be revoked, and a token that is older than its row is recognised. What was entered
    beside the lines of the cart is in the row, too: addresses would not fit into a cookie.
    """

    def __init__(
        self, rows: SessionStore, secrets: Callable[[], Sequence[str]], clock: Clock
    ) -> None:
        self._rows = rows
        self._clock = clock
        self._secrets = secrets
        self._needing_rotation: set[UUID] = set()
        self._stale: set[UUID] = set()
        self._rows_found: dict[UUID, Session] = {}
        self._saved_versions: dict[UUID, int] = {}
        self._decrypted: dict[SessionToken, _EncryptedContent | None] = {}

    @cached_property
    def _ciphers(self) -> Sequence[Fernet]:
        keys = Keyring(self._secrets()).keys("session cookie")
        return [Fernet(base64.urlsafe_b64encode(key)) for key in keys]

    async def find(self, tokens: Collection[SessionToken]) -> Mapping[SessionToken, Session]:
        """Return the sessions of authentic tokens whose row exists."""
        return await self._find(tokens, self._rows.find)

    def stored_tokens(
        self, tokens: Collection[SessionToken]
    ) -> Mapping[SessionToken, SessionToken]:
        """Return the tokens of the rows."""
        return {token: found.token for token, found in self._decrypt_all(tokens).items()}

    async def lock(self, tokens: Collection[SessionToken]) -> Mapping[SessionToken, Session]:
        """Like `find`, and lock the rows."""
        return await self._find(tokens, self._rows.lock)

    async def lock_by_id(self, session_ids: Collection[UUID]) -> Mapping[UUID, Session]:
        """Return nothing, because the content is only in the visitors' cookies."""
        del session_ids
        return {}

    def needs_rotation(self, session: Session) -> bool:
        """Check whether the token, or the hash of the row's token, has an old key."""
        return session.id in self._needing_rotation or self._rows.needs_rotation(session)

    def create(self, session: Session) -> SessionToken:
        """Stage a new row; return the encrypted content."""
        _require_fit(session, session.version)
        return self._encrypt(self._rows.create(_without_content(session)), session, session.version)

    def save(self, session: Session) -> SessionToken:
        """Stage the row's next version; return the encrypted content."""
        return self._save(session, self._rows.save)

    def rotate(self, session: Session) -> SessionToken:
        """Like `save`, with a new token of the row."""
        return self._save(session, self._rows.rotate)

    def touch(self, session_id: UUID, at: datetime) -> None:
        """Stage the row's time of the last use, unless the token is older than the row.

        Otherwise it would seem that the newer token is in use.
        """
        if session_id not in self._stale:
            self._rows.touch(session_id, at)

    def revoke(self, session_id: UUID) -> None:
        """Stage the deletion of the row."""
        self._rows.revoke(session_id)

    async def revoke_one(self, user_id: UUID, session_id: UUID) -> bool:
        """Delete a session of this user; return whether there was one."""
        return await self._rows.revoke_one(user_id, session_id)

    async def revoke_all(self, user_id: UUID, *, except_session_id: UUID | None) -> int:
        """Delete all sessions of a user except one; return how many."""
        return await self._rows.revoke_all(user_id, except_session_id=except_session_id)

    async def revoke_oldest(self, user_id: UUID, *, keep: int, except_session_id: UUID) -> int:
        """Revoke the rows of the user's sessions beyond the newest `keep`; return how many."""
        return await self._rows.revoke_oldest(
            user_id, keep=keep, except_session_id=except_session_id
        )

    async def for_user(
        self, user_id: UUID, page: PageRequest[TimeCursor]
    ) -> Page[Session, TimeCursor]:
        """Return a page of a user's sessions, without cart and preferences."""
        return await self._rows.for_user(user_id, page)

    async def purge_expired(self, policy: SessionPolicy, now: datetime) -> int:
        """Delete the expired sessions; return how many."""
        return await self._rows.purge_expired(policy, now)

    async def _find(
        self, tokens: Collection[SessionToken], find: Callable[..., Any]
    ) -> dict[SessionToken, Session]:
        decrypted = self._decrypt_all(tokens)
        rows: Mapping[SessionToken, Session] = await find(
            {each.token for each in decrypted.values()}
        )
        return {
            token: self._combine(rows[each.token], each)
            for token, each in decrypted.items()
            if each.token in rows
        }

    def _decrypt_all(
        self, tokens: Collection[SessionToken]
    ) -> Mapping[SessionToken, _EncryptedContent]:
        for token in tokens:
            if token not in self._decrypted:
                self._decrypted[token] = self._decrypt(token)
        return {token: found for token in tokens if (found := self._decrypted[token])}

    def _combine(self, row: Session, content: _EncryptedContent) -> Session:
        if content.key_is_old:
            self._needing_rotation.add(row.id)
        if content.version != row.version:
            self._stale.add(row.id)
        self._rows_found[row.id] = row
        # The version is the token's, not the row's, so that `save` sees an older token.
        return replace(
            row, preferences=content.preferences, cart=content.cart, version=content.version
        )

    def _save(self, session: Session, stage: Callable[[Session], SessionToken]) -> SessionToken:
        self._require_newest(session)
        row = self._rows_found[session.id]
        _require_fit(session, row.version + 1)
        self._saved_versions[session.id] = session.version
        row_to_save = replace(_without_content(session), version=row.version)
        return self._encrypt(stage(row_to_save), session, row.version + 1)

    def _require_newest(self, session: Session) -> None:
        """Raise `SessionConflict` if the session has changed since the token was issued."""
        row = self._rows_found[session.id]
        changed_here = self._saved_versions.get(session.id, session.version) != session.version
        is_older = session.version != row.version
        if changed_here or (
            is_older and self._clock.now() - row.last_seen_at < PARALLEL_REQUEST_WINDOW
        ):
            raise SessionConflict

    def _encrypt(self, token: SessionToken, session: Session, version: int) -> SessionToken:
        return self._ciphers[0].encrypt(_content(token, session, version)).decode()

    def _decrypt(self, token: SessionToken) -> _EncryptedContent | None:
        if not _CANONICAL.fullmatch(token):
            # Fernet would ignore characters that are not base 64.
            return None
        for index, cipher in enumerate(self._ciphers):
            try:
                content = cipher.decrypt(token)
            except InvalidToken:
                continue
            row_token, version, preferences, cart = json.loads(content)
            return _EncryptedContent(
                token=row_token,
                version=version,
                preferences=preferences,
                cart=Cart(lines=tuple(LineQuantity(sku=sku, quantity=each) for sku, each in cart)),
                key_is_old=index > 0,
            )
        return None


def _require_fit(session: Session, version: int) -> None:
    """Raise `SessionTooLarge` if the content does not fit, before anything is staged."""
    content = _content("x" * ROW_TOKEN_CHARACTERS, session, version)
    # The Fernet format: version byte, time, vector, content padded to blocks, MAC.
    raw = 1 + 8 + 16 + (len(content) // 16 + 1) * 16 + 32
    if (raw + 2) // 3 * 4 > MAX_TOKEN_BYTES:
        raise SessionTooLarge(limit_bytes=MAX_TOKEN_BYTES)


def _content(token: SessionToken, session: Session, version: int) -> bytes:
    cart = [[line.sku, line.quantity] for line in session.cart.lines]
    content = [token, version, dict(session.preferences), cart]
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _without_content(session: Session) -> Session:
    return replace(session, preferences={}, cart=Cart())
