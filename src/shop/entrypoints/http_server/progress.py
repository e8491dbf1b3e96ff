"""Decides whether a client takes too long."""

from dataclasses import dataclass, field
from enum import Enum, auto

from shop.entrypoints.http_server.limits import HttpLimits


class Phase(Enum):
    """What the server expects of the client next."""

    HEAD = auto()
    BODY = auto()
    NEXT_REQUEST = auto()
    NOTHING = auto()
    """The connection ends, and what the client still sends is ignored."""


class Overdue(Enum):
    """What a client has taken too long for, and so how its connection ends."""

    REQUEST = auto()
    """A request that has begun is answered with an error."""

    NO_REQUEST = auto()
    """The connection is idle and can be closed."""

    READING = auto()
    """The client reads nothing, so a response would not reach it."""


@dataclass(slots=True)
class Transfer:
    """Bytes that have moved since a moment of the loop's time."""

    began_at: float
    size: int = 0

    def is_too_slow(self, now: float, limits: HttpLimits) -> bool:
        """Return whether the average is too low, after time enough to begin."""
        seconds = now - self.began_at
        is_measurable = seconds > limits.body_timeout_seconds
        return is_measurable and self.size < seconds * limits.bytes_per_second


@dataclass(slots=True)
class Progress:
    """How far the client is: with its request, and with reading a response."""

    began_at: float
    phase: Phase = Phase.HEAD
    heard_at: float | None = None
    body: Transfer = field(default_factory=lambda: Transfer(0))
    reading: Transfer | None = None
    """What the client has read since it fell behind."""

    unread_bytes: int = 0
    """How many bytes were left to read when it fell behind."""

    closing_since: float | None = None

    @property
    def is_receiving(self) -> bool:
        """Whether the client may be sending just now."""
        if self.phase is Phase.HEAD:
            return self.heard_at is not None
        return self.phase is not Phase.NEXT_REQUEST

    def begin(self, phase: Phase, now: float) -> None:
        """Note that the client is one step further."""
        self.phase = phase
        self.began_at = now

    def begin_body(self, now: float) -> None:
        """Note that a head has arrived."""
        self.phase = Phase.BODY
        self.began_at = self.body.began_at = now
        self.body.size = 0

    def fall_behind(self, unread_bytes: int, now: float) -> None:
        """Note that the client reads more slowly than the server writes."""
        self.reading, self.unread_bytes = Transfer(now), unread_bytes

    def catch_up(self, now: float) -> None:
        """Note that the client has read enough to be sent more."""
        self.reading = None
        if self.closing_since is not None:
            self.closing_since = now

    def wait_for_server(self, now: float) -> None:
        """Start all measurements again: the server does not read at the moment."""
        self.began_at = now
        if self.heard_at is not None:
            self.heard_at = now
        self.body.began_at, self.body.size = now, 0

    def overdue(
        self, now: float, limits: HttpLimits, *, unread_bytes: int, is_responding: bool
    ) -> Overdue | None:
        """Return what the client has taken too long for, if anything."""
        if self.reading is not None:
            self.reading.size = self.unread_bytes - unread_bytes
            return Overdue.READING if self.reading.is_too_slow(now, limits) else None
        if self.closing_since is not None:
            allowed = limits.body_timeout_seconds if unread_bytes else limits.linger_seconds
            return Overdue.READING if now - self.closing_since > allowed else None
        seconds = now - self.began_at
        match self.phase:
            case Phase.HEAD if seconds > limits.head_timeout_seconds:
                return Overdue.NO_REQUEST if self.heard_at is None else Overdue.REQUEST
            case Phase.BODY if self._is_body_overdue(now, limits):
                return Overdue.REQUEST
            case Phase.NEXT_REQUEST if seconds > limits.keep_alive_seconds and not is_responding:
                return Overdue.NO_REQUEST
            case _:
                return None

    def _is_body_overdue(self, now: float, limits: HttpLimits) -> bool:
        heard_at = self.began_at if self.heard_at is None else self.heard_at
        is_silent = now - heard_at > limits.body_timeout_seconds
        return is_silent or self.body.is_too_slow(now, limits)
