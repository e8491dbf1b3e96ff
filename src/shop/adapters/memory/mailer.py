"""A mailer that keeps e-mails in memory."""

from collections import deque

from shop.application.ports.mailer import Email, Mailer
from shop.application.ports.webhook_sender import NotificationFailed

ACCEPTED = 250


class MemoryMailer(Mailer):
    """Accepts every e-mail, except for scripted failures."""

    def __init__(self) -> None:
        self.emails: list[Email] = []
        """All accepted e-mails."""

        self._failures: deque[NotificationFailed] = deque()

    def script(self, *failures: NotificationFailed) -> None:
        """Raise these failures for the next e-mails."""
        self._failures.extend(failures)

    async def send(self, email: Email) -> int:
        """Keep an e-mail, or raise the next scripted failure."""
        if self._failures:
            raise self._failures.popleft()
        self.emails.append(email)
        return ACCEPTED
