"""Responses of the simulated gateway: final ones are stored under their idempotency key."""

from collections.abc import Mapping

from shop.application.ports.payment_gateway import (
    ActionRequired,
    Approved,
    AuthorisationResult,
    Declined,
)
from shop.domain.shared.value import value

NOT_FOUND = "not_there"
KEY_REUSED = "key_reused"
UNKNOWN_TOKEN = "unknown_token"  # noqa: S105  A reason, not a secret.


@value
class Succeeded:
    """The operation was carried out."""


@value
class Failed:
    """The operation was rejected and will not be carried out. A reason is a word: `captured`."""

    reason: str


@value
class ServerError:
    """The gateway answers with an internal error, although the payment is decided."""


SimulatedResponse = AuthorisationResult | Succeeded | Failed | ServerError


@value
class NoResponse:
    """This request is never answered, however long the client waits."""


_KINDS: Mapping[str, tuple[type[SimulatedResponse], str | None]] = {
    "approved": (Approved, "payment_id"),
    "challenged": (ActionRequired, "payment_id"),
    "declined": (Declined, "reason"),
    "refused": (Failed, "reason"),
    "done": (Succeeded, None),
    "fault": (ServerError, None),
}
"""Each kind of response as it is stored: its type, and the field that its detail is."""


def to_columns(response: SimulatedResponse) -> tuple[str, str]:
    """Return a response as it is stored: its kind and its detail."""
    for kind, (type_, name) in _KINDS.items():
        if isinstance(response, type_):
            return kind, getattr(response, name) if name else ""
    raise TypeError(f"not a response that can be stored: {response!r}")


def from_columns(kind: str, detail: str) -> SimulatedResponse:
    """Return the response stored in these columns."""
    type_, name = _KINDS[kind]
    return type_(**{name: detail} if name else {})
