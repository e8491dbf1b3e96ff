"""The port to the mailer: brings announcements to customers, by e-mail.

It is asked outside any unit of work: no transaction and no connection waits for it.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from shop.domain.notification import EventType


@dataclass(frozen=True, slots=True, kw_only=True)
class Email:
    """What a customer is told; `facts` is the `data` of the announcement's payload."""

    id: UUID
    recipient_name: str
    recipient_email: str
    event_type: EventType
    payload: Mapping[str, Any]
    created_at: datetime


class Mailer(ABC):
    """Puts letters into words, and posts them."""

    @abstractmethod
    async def send(self, email: Email) -> int:
        """Post a letter once, under a Message-ID that its id makes; return the server's code.

        Raise `NotificationFailed`, for good where the mailbox is refused; where there was no answer
        in time, the letter may have arrived.
        """
