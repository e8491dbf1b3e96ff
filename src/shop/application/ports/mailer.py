"""Port to the mailer, which sends notifications to customers by e-mail."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime
from typing import Any
from uuid import UUID

from shop.domain.notification import EventType
from shop.domain.shared.value import value


@value
class Email:
    """A notification to a customer; `payload` is the `data` of the event.

    What is personal, and so not in it, is that of the order: the name of its shipping method, and
    the lines of its addresses.
    """

    id: UUID
    recipient_name: str
    recipient_email: str
    event_type: EventType
    payload: Mapping[str, Any]
    created_at: datetime
    shipping_name: str | None = None
    shipping_address: Sequence[str] = ()
    billing_address: Sequence[str] = ()
    order_link: str | None = field(default=None, repr=False)
    """Opens the order of a guest, who cannot sign in."""


class Mailer(ABC):
    """Writes and sends e-mails; never called within a unit of work."""

    @abstractmethod
    async def send(self, email: Email) -> int:
        """Send an e-mail once, with a Message-ID made of its id; return the SMTP code.

        Raise `NotificationFailed`, permanently if the server rejects the mailbox. After a timeout,
        the e-mail may have arrived.
        """
