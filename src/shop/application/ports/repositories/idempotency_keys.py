"""Port to the idempotency keys: the request under each key, and its outcome."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from shop.domain.shared.errors import Conflict, ShopError
from shop.domain.shared.idempotency_key import IdempotencyKey
from shop.domain.shared.value import value


@value
class Succeeded:
    """The request was executed; the reference is the id of what it created."""

    reference: UUID


@value
class Rejected:
    """The request was rejected with this error, permanently."""

    error: ShopError


StoredOutcome = Succeeded | Rejected


@value
class KeyRecord:
    """A claimed key: the fingerprint of its request, and the outcome once it is decided."""

    fingerprint: str
    outcome: StoredOutcome | None


class IdempotencyKeys(ABC):
    """All idempotency keys, as one unit of work sees them."""

    @abstractmethod
    async def claim(
        self, fingerprints: Mapping[IdempotencyKey, str], at: datetime
    ) -> Mapping[IdempotencyKey, KeyRecord]:
        """Claim the keys that are free, and return the records of those that are not.

        If another unit of work holds one of the keys, wait for its end; raise
        `RequestInProgress` when that takes too long.
        """

    @abstractmethod
    def claim_for_new_users(self, fingerprints: Mapping[IdempotencyKey, str], at: datetime) -> None:
        """Stage the claim of keys whose users are added in this unit of work, so all are free.

        The users of keys that are released need not be added.
        """

    @abstractmethod
    def complete(self, key: IdempotencyKey, outcome: StoredOutcome) -> None:
        """Stage the outcome of a request whose key this unit of work claimed."""

    @abstractmethod
    def complete_pending(self, key: IdempotencyKey, outcome: StoredOutcome) -> None:
        """Stage the outcome of a request that an earlier unit of work left pending.

        The caller holds the lock on what the request created, so only one of them does this.
        """

    @abstractmethod
    def release(self, key: IdempotencyKey) -> None:
        """Stage that a key claimed here is free again, unless it is completed after this."""

    @abstractmethod
    async def purge(self, before: datetime) -> int:
        """Remove the keys of rejections that were claimed before a time; return how many.

        The key of an order or deposit is kept as long as that is, even if its card was declined.
        """


class RequestInProgress(Conflict):
    """The first request under this key is still running."""

    code = "request-in-progress"
    is_final = False
    message = "A request with this idempotency key is still running; try again shortly."
