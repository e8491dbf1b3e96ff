"""The port to the courier: brings announcements to endpoints, by HTTP.

It is asked outside any unit of work: no transaction and no connection waits for it.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRequest:
    """A payload for an endpoint, which knows by the signature that the shop has sent it."""

    id: UUID
    url: str
    secret: str = field(repr=False)
    payload: str
    sent_at: datetime


class WebhookSender(ABC):
    """Brings parcels, signed as Standard Webhooks 1.0 has it."""

    @abstractmethod
    async def send(self, request: WebhookRequest) -> int:
        """Bring a parcel once; return the status, which is a 2xx.

        Raise `NotificationFailed` for any other answer (a redirect is followed nowhere), and where
        there is none in time: then the parcel may have arrived.
        """

    @abstractmethod
    async def close(self) -> None:
        """Give back every connection."""


class NotificationFailed(Exception):
    """It is not known to have arrived. It carries the status code of the answer, if any.

    The reason has no secrets in it. What is refused for good is not worth another attempt.
    """

    def __init__(self, reason: str, *, status_code: int | None, is_permanent: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status_code = status_code
        self.is_permanent = is_permanent
