"""Signed links with which letters open one order, without signing in."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Sequence
from datetime import timedelta
from uuid import UUID

from shop.application.ports.clock import Clock
from shop.domain.orders.order import OrderNotFound
from shop.domain.shared.value import value

_EXPIRY_BYTES = 8
_SIGNATURE_BYTES = 32


@value
class OrderLinkPolicy:
    """How long a link is valid, and the URL in front of `/orders/…`; None for no links."""

    lifetime: timedelta
    public_url: str | None


@value
class LinkBearer:
    """Someone with a valid link to this order, who may read it and nothing else."""

    order_id: UUID


class OrderLinks:
    """Makes and verifies tokens: a time and its signature for one order.

    Nothing is stored: a token is made when its letter is sent. The newest key signs, all verify.
    """

    def __init__(
        self, keys: Callable[[], Sequence[bytes]], clock: Clock, policy: OrderLinkPolicy
    ) -> None:
        self._load_keys = keys
        self._clock = clock
        self._policy = policy

    def url(self, order_id: UUID) -> str | None:
        """Return a link to an order that is valid from now on; None without a public URL."""
        if self._policy.public_url is None:
            return None
        return f"{self._policy.public_url}/orders/{order_id}?token={self.token(order_id)}"

    def token(self, order_id: UUID) -> str:
        """Return the token of a link that is valid from now on."""
        expires_at = self._clock.now() + self._policy.lifetime
        expiry = int(expires_at.timestamp()).to_bytes(_EXPIRY_BYTES)
        return _encode(expiry + _sign(self._load_keys()[0], order_id, expiry))

    def open(self, order_id: UUID, token: str) -> LinkBearer:
        """Return the bearer of a valid token.

        Raise `OrderNotFound`, as for an order that does not exist.
        """
        decoded = _decode(token)
        expiry, signature = decoded[:_EXPIRY_BYTES], decoded[_EXPIRY_BYTES:]
        signatures = [_sign(key, order_id, expiry) for key in self._load_keys()]
        # All are compared, so that the time says nothing.
        is_signed = sum(hmac.compare_digest(signature, each) for each in signatures) > 0
        if not is_signed or int.from_bytes(expiry) <= self._clock.now().timestamp():
            raise OrderNotFound
        return LinkBearer(order_id=order_id)


def _sign(key: bytes, order_id: UUID, expiry: bytes) -> bytes:
    return hmac.digest(key, order_id.bytes + expiry, hashlib.sha256)


def _encode(token: bytes) -> str:
    return base64.urlsafe_b64encode(token).decode().rstrip("=")


def _decode(token: str) -> bytes:
    """Return the bytes of a token in its one form; raise `OrderNotFound` for another text."""
    try:
        decoded = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        raise OrderNotFound from None
    if len(decoded) != _EXPIRY_BYTES + _SIGNATURE_BYTES or _encode(decoded) != token:
        raise OrderNotFound
    return decoded
