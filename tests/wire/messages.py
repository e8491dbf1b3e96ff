"""PostgreSQL's messages: PostgreSQL 18, "Frontend/Backend Protocol", chapter 54.7."""

import asyncio
import struct
from dataclasses import dataclass
from enum import Enum

LENGTH = struct.Struct("!I")
START_CODE = struct.Struct("!II")
CANCEL_REQUEST, TLS_REQUEST = 80_877_102, 80_877_103
NO_TLS = b"N"


class Kind(bytes, Enum):
    """The first byte of the messages that the proxy understands."""

    PARSE = b"P"
    BIND = b"B"
    EXECUTE = b"E"
    FLUSH = b"H"
    SYNC = b"S"
    QUERY = b"Q"
    TERMINATE = b"X"
    READY_FOR_QUERY = b"Z"
    PASSWORD = b"p"


ENDS_OF_REQUESTS = (Kind.QUERY, Kind.SYNC, Kind.FLUSH, Kind.TERMINATE, Kind.PASSWORD)
"""After these, a client waits for an answer or leaves."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message: its kind and what follows its length."""

    kind: bytes
    body: bytes

    @property
    def raw(self) -> bytes:
        """The bytes on the wire."""
        return self.kind + LENGTH.pack(len(self.body) + LENGTH.size) + self.body

    def texts(self, number: int) -> list[str]:
        """Return the first texts of the body, each of which ends with a zero byte."""
        return [each.decode() for each in self.body.split(b"\0", number)[:number]]


def ready(state: bytes) -> bytes:
    """Return the answer after which the client may send its next request."""
    return Message(Kind.READY_FOR_QUERY, state).raw


def query(text: str) -> Message:
    """Return a simple query."""
    return Message(Kind.QUERY, text.encode() + b"\0")


def error_response(sqlstate: str, text: str, *, is_fatal: bool = False) -> bytes:
    """Return an error as the server sends it; after a fatal one it closes the connection."""
    severity = "FATAL" if is_fatal else "ERROR"
    fields = {"S": severity, "V": severity, "C": sqlstate, "M": text}
    body = b"".join(name.encode() + value.encode() + b"\0" for name, value in fields.items())
    return Message(b"E", body + b"\0").raw


async def read_message(stream: asyncio.StreamReader) -> Message:
    """Read one message; raise `IncompleteReadError` at the end."""
    kind = await stream.readexactly(1)
    (length,) = LENGTH.unpack(await stream.readexactly(LENGTH.size))
    return Message(kind, await stream.readexactly(length - LENGTH.size))


async def read_start(stream: asyncio.StreamReader) -> tuple[int, bytes]:
    """Read the first message of a connection, which has no kind: its code and all its bytes."""
    head = await stream.readexactly(START_CODE.size)
    length, code = START_CODE.unpack(head)
    return code, head + await stream.readexactly(length - START_CODE.size)
