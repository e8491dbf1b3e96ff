"""A transport whose closing loses nothing of what was sent."""

import asyncio
from collections.abc import Callable
from typing import Any


class LingeringTransport(asyncio.Transport):
    """Sends everything, then ends its own side and waits for the peer to end the other.

    A socket that is closed while bytes of the peer are unread resets the connection, and the peer
    may lose the response. Lingering is needed only while a request has not arrived completely.
    """

    def __init__(
        self, transport: asyncio.Transport, *, needed: Callable[[], bool], began: Callable[[], None]
    ) -> None:
        super().__init__()
        self._transport = transport
        self._is_needed = needed
        self._report_begin = began
        self._is_lingering = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send bytes."""
        self._transport.write(data)

    def is_closing(self) -> bool:
        """Return whether nothing more can be sent."""
        return self._is_lingering or self._transport.is_closing()

    def close(self) -> None:
        """Send what is left; close now, or after the peer if it is still sending."""
        if self.is_closing():
            return
        self._is_lingering = self._is_needed()
        self._report_begin()
        if self._is_lingering:
            self._transport.write_eof()
        else:
            self._transport.close()

    def abort(self) -> None:
        """Cut the connection."""
        self._transport.abort()

    def get_write_buffer_size(self) -> int:
        """Return how many bytes wait to be sent."""
        return self._transport.get_write_buffer_size()

    def get_extra_info(self, name: str, default: Any = None) -> Any:  # noqa: ANN401  As asyncio's.
        """Return what is known of the connection."""
        return self._transport.get_extra_info(name, default)
