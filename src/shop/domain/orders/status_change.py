"""Events: what happened to an order, in order."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChange:
    """One step in an order's life; sequences count from 1 without a gap."""

    order_id: UUID
    sequence: int
    from_status: str | None
    to_status: str
    actor: str
    created_at: datetime
