"""Controlled delay: distinguishes a queue that stands still from a burst.

The idea is that of CoDel (RFC 8289), as servers use it for requests. A burst fills a queue, which
then empties again: everything in it is served. A queue that stays filled delays everything in it
and serves nothing sooner: what has waited longer than a target is shed before any work for it.
"""


class ControlledDelay:
    """The state of one queue. It holds no clock: who takes from the queue reads the clock once."""

    def __init__(self, *, target_seconds: float, interval_seconds: float) -> None:
        self._target = target_seconds
        self._interval = interval_seconds
        self._late_since: float | None = None
        self.is_standing = False
        """Whether the queue was late for a whole interval, and has not emptied since."""

    def look(self, now: float, *, longest_wait: float, empties: bool) -> None:
        """Learn how long the first in the queue has waited, in seconds, and if none is left."""
        if empties:
            self._late_since = None
            self.is_standing = False
        elif longest_wait <= self._target:
            self._late_since = None
        elif self._late_since is None:
            self._late_since = now
        elif now - self._late_since >= self._interval:
            self.is_standing = True

    def is_overdue(self, waited: float) -> bool:
        """Whether to shed what has waited for so many seconds."""
        return self.is_standing and waited > self._target
