"""What a client asks of PostgreSQL: the statements of a request, and whether it commits writes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.wire.messages import ENDS_OF_REQUESTS, Kind, Message

IDLE, FAILED = b"I", b"E"
"""The states of a connection without a transaction, and in one that has failed."""

_END = re.compile(r"\s*(COMMIT|END)\b", re.IGNORECASE)
_BEGIN = re.compile(r"\s*(BEGIN|START)\b", re.IGNORECASE)
_ROW_LOCK = re.compile(r"\bFOR\s+(NO\s+KEY\s+)?UPDATE\b", re.IGNORECASE)
_WRITE = re.compile(r"\b(INSERT\s+INTO|UPDATE|DELETE\s+FROM|MERGE\s+INTO)\b", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Request:
    """Messages for which the client awaits one answer."""

    messages: Sequence[Message]
    texts: Sequence[str]
    """The statements that are prepared or executed."""
    commits_transaction: bool
    """Whether it ends a transaction that has written."""
    commits_itself: bool
    """Whether it writes without a transaction."""

    @property
    def commits(self) -> bool:
        """Whether the server answers only after it has committed what was written."""
        return self.commits_transaction or self.commits_itself

    @property
    def is_answered(self) -> bool:
        """Whether the answer ends with ReadyForQuery."""
        return self.messages[-1].kind in (Kind.QUERY, Kind.SYNC)

    @property
    def raw(self) -> bytes:
        """The bytes on the wire."""
        return b"".join(each.raw for each in self.messages)


@dataclass
class Dialogue:
    """The statements of one connection, by the names under which it has prepared them."""

    state: bytes = IDLE
    """What the server reported last."""
    _statements: dict[str, str] = field(default_factory=dict)
    _portals: dict[str, str] = field(default_factory=dict)
    _messages: list[Message] = field(default_factory=list)
    _texts: list[str] = field(default_factory=list)
    _executed: list[str] = field(default_factory=list)
    _has_written: bool = False

    def add(self, message: Message) -> Request | None:
        """Hear a message of the client; return the request that it completes."""
        self._messages.append(message)
        match message.kind:
            case Kind.PARSE:
                name, text = message.texts(2)
                self._statements[name] = text
                self._texts.append(text)
            case Kind.BIND:
                portal, name = message.texts(2)
                self._portals[portal] = self._statements.get(name, "")
            case Kind.EXECUTE:
                (portal,) = message.texts(1)
                self._executed.append(self._portals.get(portal, ""))
            case Kind.QUERY:
                self._texts += message.texts(1)
                self._executed += message.texts(1)
        return self._complete() if message.kind in ENDS_OF_REQUESTS else None

    def _complete(self) -> Request:
        writes = any(map(_writes, self._executed))
        ends = self.state not in (IDLE, FAILED) and any(map(_END.match, self._executed))
        begins = any(map(_BEGIN.match, self._executed))
        request = Request(
            messages=tuple(self._messages),
            texts=(*self._texts, *(each for each in self._executed if each not in self._texts)),
            commits_transaction=ends and (self._has_written or writes),
            commits_itself=self.state == IDLE and writes and not begins,
        )
        self._has_written = writes or (self._has_written and self.state != IDLE)
        self._messages, self._texts, self._executed = [], [], []
        return request


def _writes(text: str) -> bool:
    return _WRITE.search(_ROW_LOCK.sub("", text)) is not None
