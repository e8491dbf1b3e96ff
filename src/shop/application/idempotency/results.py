"""Results of commands, and the error for a key that was used before."""

from dataclasses import field
from typing import Generic, TypeVar
from uuid import UUID

from shop.application.ports.payment_gateway import ActionRequired
from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.shared.errors import ShopError
from shop.domain.shared.value import value

T = TypeVar("T")


@value
class CommandResult(Generic[T]):
    """The result of one command: what it created, or the error that rejected it.

    `replayed` is true if an earlier request under the same key was decided already. With an
    `action`, the customer has to complete a step at the payment gateway first. `user_id` is whose
    command it was, if it had a key and got as far as its session. `new_token` replaces that of the
    session, also if the command was rejected.
    """

    value: T | ShopError
    replayed: bool
    action: ActionRequired | None = field(default=None, repr=False)
    user_id: UUID | None = None
    new_token: SessionToken | None = field(default=None, repr=False)

    def unwrap(self) -> T:
        """Return what was created; raise the error of a rejected command."""
        if isinstance(self.value, ShopError):
            raise self.value
        return self.value


class IdempotencyKeyReused(ShopError):
    """The key was used for another request before."""

    code = "idempotency-key-reused"
    message = "This idempotency key was used for another request."
