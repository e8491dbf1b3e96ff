"""The mailer in memory: keeps what it is given, for whoever looks."""

from collections import deque

from shop.application.ports.courier import NotDelivered
from shop.application.ports.mailer import Letter, Mailer

ACCEPTED = 250


class MemoryMailer(Mailer):
    """Posts everything, unless the next failures were scripted."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        """Every letter that was posted."""

        self._failures: deque[NotDelivered] = deque()

    def script(self, *failures: NotDelivered) -> None:
        """Have the next letters fail like this."""
        self._failures.extend(failures)

    async def send(self, letter: Letter) -> int:
        """Keep a letter, unless it is to fail."""
        if self._failures:
            raise self._failures.popleft()
        self.letters.append(letter)
        return ACCEPTED
