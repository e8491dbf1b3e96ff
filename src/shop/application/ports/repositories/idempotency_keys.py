"""Port to idempotency keys: the request under a key, and its outcome."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shop.domain.shared.errors import Conflict, ShopError


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyKey:
    """The key of one request of one user."""

    user_id: UUID
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Succeeded:
    """The request was carried out; `reference` is the id of the result."""

    reference: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """The request was permanently rejected."""

    error: ShopError


StoredOutcome = Succeeded | Rejected


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A reservation of a key; the fingerprint identifies the request."""

    id: IdempotencyKey
    fingerprint: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRecord:
    """The request under a claimed key, and its outcome if there is one."""

    fingerprint: str
    outcome: StoredOutcome | None


class IdempotencyKeys(ABC):
    """All idempotency keys."""

    @abstractmethod
    async def claim(self, claims: Collection[Claim]) -> Mapping[IdempotencyKey, KeyRecord]:
        """Claim the keys that are free; return the records of the others.

        Waits for another unit of work that holds one of the keys; raises `RequestInProgress` if
        that takes too long.
        """

    @abstractmethod
    def complete(self, key: IdempotencyKey, outcome: StoredOutcome) -> None:
        """Stage the outcome of a request whose key this unit of work claimed."""

    @abstractmethod
    def complete_pending(self, key: IdempotencyKey, outcome: StoredOutcome) -> None:
        """Stage the outcome of a request that an earlier unit of work left pending.

        The caller has locked the request's order or deposit, so that only it completes the key.
        """

    @abstractmethod
    def release(self, key: IdempotencyKey) -> None:
        """Stage the release of a claimed key, unless `complete` follows."""

    @abstractmethod
    async def purge(self, before: datetime) -> int:
        """Delete the keys of old rejections; return how many.

        A key that led to an order or a deposit is kept, even if the card was declined.
        """


class RequestInProgress(Conflict):
    """The first request under this key is still running."""

    code = "request-in-progress"
    is_final = False
    message = "A request with this idempotency key is still running; try again shortly."
