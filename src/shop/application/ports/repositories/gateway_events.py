"""Port to the gateway events that were received, each recorded once."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from shop.application.ports.payment_gateway import GatewayEvent


class GatewayEvents(ABC):
    """All gateway events that were ever received."""

    @abstractmethod
    async def record_new(self, event: GatewayEvent, job_subject_id: UUID, at: datetime) -> bool:
        """Stage an event with the subject of the job that handles it; return whether it is new.

        A known event stays as it is. If another unit of work records the same event, wait until
        that one ends.
        """

    @abstractmethod
    async def for_jobs(self, job_subject_ids: Collection[UUID]) -> Mapping[UUID, GatewayEvent]:
        """Return the events that the jobs with these subjects handle, by subject."""
