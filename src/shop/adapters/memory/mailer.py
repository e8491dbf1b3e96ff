"""The mailer in memory: keeps what it is given, for whoever looks."""

from collections import deque

from shop.application.ports.mailer import Email, Mailer
from shop.application.ports.webhook_sender import NotificationFailed

ACCEPTED = 250


class MemoryMailer(Mailer):
    """Posts everything, unless the next failures were scripted."""

    def __init__(self) -> None:
        self.emails: list[Email] = []
        """Every letter that was posted."""

        self._failures: deque[NotificationFailed] = deque()

    def script(self, *failures: NotificationFailed) -> None:
        """Have the next letters fail like this."""
        self._failures.extend(failures)

    async def send(self, email: Email) -> int:
        """Keep a letter, unless it is to fail."""
        if self._failures:
            raise self._failures.popleft()
        self.emails.append(email)
        return ACCEPTED
