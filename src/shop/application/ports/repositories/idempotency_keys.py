"""The port to idempotency keys: what was asked under a key, and how it ended."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shop.domain.shared.errors import Conflict, ShopError


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyKey:
    """A key names one request of one user."""

    user_id: UUID
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Succeeded:
    """The request was carried out; the reference is the id of what it made."""

    reference: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """The request was refused for good."""

    error: ShopError


StoredOutcome = Succeeded | Rejected


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A wish to carry out a request under a key. The fingerprint tells requests apart."""

    id: IdempotencyKey
    fingerprint: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRecord:
    """What is known of a key that is taken: its request, and the outcome once it has one."""

    fingerprint: str
    outcome: StoredOutcome | None


class IdempotencyKeys(ABC):
    """All keys, as one unit of work sees them."""

    @abstractmethod
    async def claim(self, claims: Collection[Claim]) -> Mapping[IdempotencyKey, KeyRecord]:
        """Take the keys that are free until the end; return the records of those that are not.

        Where another unit of work holds one of the keys, wait until that one ends; raise
        `RequestInProgress` where it takes too long.
        """

    @abstractmethod
    def complete(self, key: IdempotencyKey, outcome: StoredOutcome) -> None:
        """Stage the outcome of a request whose key was claimed here."""

    @abstractmethod
    def complete_pending(self, key: IdempotencyKey, outcome: StoredOutcome) -> None:
        """Stage the outcome of a request that an earlier unit of work left without one.

        What the request has made is locked, so that nobody else concludes it too.
        """

    @abstractmethod
    def release(self, key: IdempotencyKey) -> None:
        """Stage that a key claimed here is free again, unless it is settled after this."""

    @abstractmethod
    async def purge(self, before: datetime) -> int:
        """Forget the keys of refusals claimed before then; return how many.

        A key that led to something is remembered for as long as that is: an order's, for ever,
        and a deposit's, even where its card was declined.
        """


class RequestInProgress(Conflict):
    """The first request under this key has not ended yet."""

    code = "request-in-progress"
    is_final = False
    message = "A request with this idempotency key is still running; try again shortly."
