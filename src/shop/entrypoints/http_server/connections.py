"""The open connections of a process: how many there may be, and how long each may wait."""

import asyncio
from abc import ABC, abstractmethod
from collections import Counter

import structlog

from shop.entrypoints.http_server.limits import HttpLimits
from shop.entrypoints.http_server.memory import RushMemory

MAX_SWEEP_SECONDS = 1.0
LOG_INTERVAL_SECONDS = 60.0

MAX_EXCESS = 32
"""How many connections above a limit get a response; further ones are cut without one."""

_log = structlog.get_logger()


class Connection(ABC):
    """What can be asked of an open connection."""

    @property
    @abstractmethod
    def client_host(self) -> str | None:
        """The peer's address."""

    @abstractmethod
    def enforce_deadlines(self, now: float) -> None:
        """End the connection if its peer has taken too long."""


class Connections:
    """Counts the connections of a process, and looks at their deadlines once a second.

    One timer for all costs a request nothing. Before the first connection it can be pickled, which
    is how it reaches the processes of a supervisor.
    """

    def __init__(self, limits: HttpLimits) -> None:
        self.limits = limits
        self._open: dict[Connection, str | None] = {}
        self._by_client: Counter[str] = Counter()
        self._rejected: Counter[str] = Counter()
        self._memory = RushMemory()
        self._logged_at = float("-inf")
        self._swept_at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def add(self, connection: Connection) -> int:
        """Count a connection; return by how many it exceeds a limit, or 0."""
        host = connection.client_host
        client = None if host is None else self.limits.limited_client(host)
        self._open[connection] = client
        excess = len(self._open) - self.limits.max_connections
        limit = "max_connections"
        if client is not None:
            self._by_client[client] += 1
            of_client = self._by_client[client] - (self.limits.max_connections_per_address or 0)
            if of_client > excess:
                excess, limit = of_client, "max_connections_per_address"
        if excess > 0:
            self._rejected[limit] += 1
        self._start()
        return max(excess, 0)

    def remove(self, connection: Connection) -> None:
        """Count a connection no longer."""
        client = self._open.pop(connection, None)
        if client is not None:
            self._by_client[client] -= 1
            if not self._by_client[client]:
                del self._by_client[client]

    def _start(self) -> None:
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._swept_at = loop.time()
            self._timer = loop.call_later(self._interval_seconds, self._sweep)

    @property
    def _interval_seconds(self) -> float:
        shortest = min(self.limits.head_timeout_seconds, self.limits.body_timeout_seconds)
        return min(MAX_SWEEP_SECONDS, shortest / 4)

    def _sweep(self) -> None:
        self._timer = None
        now = asyncio.get_running_loop().time()
        # If this process itself was held up, what clients have sent meanwhile is still unread.
        if now - self._swept_at < 2 * self._interval_seconds + MAX_SWEEP_SECONDS:
            for connection in list(self._open):
                connection.enforce_deadlines(now)
        if self._rejected and now - self._logged_at >= LOG_INTERVAL_SECONDS:
            self._log_rejected(now)
        if self._open or self._rejected:
            self._start()
        self._memory.note(len(self._open), now)

    def _log_rejected(self, now: float) -> None:
        _log.warning(
            "connections_rejected",
            open=len(self._open),
            max_connections=self.limits.max_connections,
            max_connections_per_address=self.limits.max_connections_per_address,
            rejected=dict(sorted(self._rejected.items())),
        )
        self._rejected.clear()
        self._logged_at = now
