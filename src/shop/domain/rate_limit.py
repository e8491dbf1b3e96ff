"""Rate limits: how often something may happen before it has to wait."""

from dataclasses import dataclass
from datetime import timedelta

from shop.domain.shared.counted import counted
from shop.domain.shared.errors import AccessDenied
from shop.domain.shared.value import value


@value
class RateLimit:
    """At most so many hits of each subject in a window of time, which its first hit begins."""

    name: str
    max_hits: int
    window: timedelta

    def key(self, subject: str) -> str:
        """Return the key under which the hits of a subject are stored.

        It contains no numbers, so that hits survive a change of the limit.
        """
        return f"{self.name}/{subject}"


@dataclass(kw_only=True, unsafe_hash=True)
class TooManyRequests(AccessDenied):
    """A rate limit is reached; the request can be sent again later."""

    retry_after_seconds: int

    code = "too-many-requests"
    message = "Too many requests of this kind; try again in {time}."

    @property
    def detail(self) -> str:
        """The message with the time to wait."""
        return self.message.format(time=counted(self.retry_after_seconds, "second"))
