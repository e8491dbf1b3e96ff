"""Logging: JSON in production, readable lines in development, without secrets."""

import json
import logging
import sys
import traceback
from collections.abc import Mapping, MutableMapping, Sequence
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TextIO

import orjson
import structlog
from structlog.typing import EventDict, ExcInfo, Processor, WrappedLogger

from shop.entrypoints.configuration.settings import Settings
from shop.entrypoints.observability.repeated_faults import RepeatedFaults

REDACTED = "[redacted]"

SECRET_WORDS = (
    "authorization",
    "cookie",
    "cookies",
    "credential",
    "credentials",
    "key",
    "keys",
    "passphrase",
    "passwd",
    "password",
    "secret",
    "secrets",
    "token",
    "tokens",
)
"""A field is redacted if a word of its name ends in one of these."""

request_fields: ContextVar[Mapping[str, str]] = ContextVar("request_fields")
"""The id, client and trace of the current request; every line that is logged meanwhile has them."""

_PLAIN = frozenset({str, int, float, bool, type(None)})
"""Types of values with nothing inside of them."""

_STEPS = frozenset({"exc_info", "color_message"})
"""Names of fields that are more than a value to write."""

_NO_REQUEST: Mapping[str, str] = {}

QUIETED_LOGGERS = ("aiosqlite", "alembic", "asyncio", "sqlalchemy", "stripe", "uvicorn")
"""Below warnings these log every step, some with every value that is stored or sent."""


def set_up_logging(settings: Settings) -> None:
    """Send all lines of structlog and the standard library to standard error."""
    rendering = _rendering(settings, sys.stderr)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(rendering))
    repeated_faults = RepeatedFaults()
    handler.addFilter(repeated_faults)
    level = logging.getLevelName(settings.log_level.upper())
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for name in QUIETED_LOGGERS:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    logging.captureWarnings(True)
    # structlog bypasses the standard library, whose handlers would take a tenth of the time of
    # an order for its one line.
    every_step: list[Processor] = [*_common_processors(), redact_secrets, *rendering]
    structlog.configure(
        processors=[
            repeated_faults,
            *([_json_line(every_step)] if settings.is_production else every_step),
        ],
        logger_factory=lambda *_: _Writer(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(level),
    )


class _Writer:
    """Writes lines, and drops a line that cannot be written.

    A full disk or a closed pipe must not make a request fail. The standard library's handlers
    behave the same.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def msg(self, line: str) -> None:
        """Write a line."""
        try:
            self._stream.write(line + "\n")
            self._stream.flush()
        except (OSError, ValueError):
            pass

    debug = info = warning = error = critical = exception = msg


def _formatter(rendering: Sequence[Processor]) -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            *_common_processors(),
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(),
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            redact_secrets,
            *rendering,
        ],
    )


def _common_processors() -> list[Processor]:
    return [
        add_request_fields,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def add_request_fields(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Add the id, client and trace of the current request, if any."""
    event.update(request_fields.get(_NO_REQUEST))
    return event


def _rendering(settings: Settings, stream: TextIO) -> list[Processor]:
    return (
        _json_rendering() if settings.is_production else _console_rendering(colours=stream.isatty())
    )


def _json_rendering() -> list[Processor]:
    # Local variables can contain passwords and tokens.
    trace = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    return [
        structlog.processors.ExceptionRenderer(trace),
        _render_json,
    ]


def _json_line(every_step: Sequence[Processor]) -> Processor:
    """Return a processor that writes plain fields at once, and all others step by step."""

    def render(logger: WrappedLogger, method: str, event: EventDict) -> Any:  # noqa: ANN401
        if _PLAIN.issuperset(map(type, event.values())) and _are_plain(tuple(event)):
            own = {"level": method, "timestamp": datetime.now(UTC)}
            line = orjson.dumps(
                {**event, **request_fields.get(_NO_REQUEST), **own}, option=orjson.OPT_UTC_Z
            )
            if line.isascii() and b"\x7f" not in line:
                return line.decode()
        rendered: Any = event
        for step in every_step:
            rendered = step(logger, method, rendered)
        return rendered

    return render


@lru_cache(maxsize=1024)
def _are_plain(names: tuple[str, ...]) -> bool:
    return not any(_has_secret_name(name) or name in _STEPS for name in names)


def _render_json(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    """Write an event as one line of ASCII; values that are no JSON are shown by their `repr`."""
    return json.dumps(event, default=repr, separators=(",", ":"))


def _console_rendering(*, colours: bool) -> list[Processor]:
    return [
        _escape,
        structlog.dev.ConsoleRenderer(
            colors=colours,
            repr_native_str=True,
            exception_formatter=_write_indented_trace,
        ),
    ]


def redact_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Redact the values of names such as `password`, at any depth.

    Numbers are kept, because under such names they are counts and sizes.
    """
    # Uvicorn repeats its message here, with colours.
    event.pop("color_message", None)
    if all(type(value) in _PLAIN and not _has_secret_name(name) for name, value in event.items()):
        return event
    return _redact_fields(event)


def _redact_fields(fields: Mapping[Any, Any]) -> MutableMapping[str, Any]:
    return {
        str(name): REDACTED if _is_secret(str(name), value) else _redact_nested(value)
        for name, value in fields.items()
    }


def _redact_nested(value: object) -> object:
    match value:
        case str() | int() | float() | None:
            return value
        case Mapping():
            return _redact_fields(value)
        case list() | tuple() if any(isinstance(each, Mapping) for each in value):
            return [_redact_nested(each) for each in value]
        case _:
            return value


def _is_secret(name: str, value: object) -> bool:
    return _has_secret_name(name) and value is not None and not isinstance(value, int | float)


@lru_cache(maxsize=1024)
def _has_secret_name(name: str) -> bool:
    words = name.lower().replace("-", "_").split("_")
    return any(word.endswith(SECRET_WORDS) for word in words)


def _escape(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    # The renderer writes all other values with `repr`, which escapes them too.
    escaped = {_escaped(name): value for name, value in event.items()}
    return {**escaped, "event": _escaped(str(event.get("event", "")))}


def _write_indented_trace(stream: TextIO, exc_info: ExcInfo) -> None:
    # Indentation keeps a line of a message from looking like a line of the log.
    lines = "".join(traceback.format_exception(*exc_info)).splitlines()
    stream.writelines(f"\n    {_escaped(line)}" for line in lines)


def _escaped(text: str) -> str:
    """Escape control characters and line ends."""
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )
