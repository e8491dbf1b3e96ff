"""The log: lines that a machine can read, or people, and no secret in either."""

import json
import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any, Literal

import pytest
import structlog
from pydantic import Secret

from shop.entrypoints.configuration.environment import Environment
from shop.entrypoints.configuration.payment_gateway import PaymentGatewayKind
from shop.entrypoints.configuration.settings import Settings
from shop.entrypoints.observability.logging import request_fields, set_up_logging
from tests.entrypoints.cli.command_line import logging_restored

Level = Literal["debug", "info", "warning", "error"]

SECRET = "correct horse battery staple, 42 of them"
INJECTION = "fine\n2026-01-01T00:00:00Z [info ] forged \x1b[31m\x85\u2028"


@pytest.fixture(autouse=True)
def restored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hide the settings of the developer who runs the tests, and restore logging afterwards."""
    monkeypatch.chdir(tmp_path)
    with logging_restored():
        yield


def set_up(environment: str = "production", level: Level = "info") -> None:
    set_up_logging(
        Settings(
            environment=Environment(environment),
            session_secrets=(Secret(SECRET),),
            payment_gateway=PaymentGatewayKind.SIMULATED,
            log_level=level,
        )
    )


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    output = capsys.readouterr()
    assert output.out == ""
    return output.err.splitlines()


def documents(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines(capsys)]


def logger() -> structlog.typing.FilteringBoundLogger:
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger()
    return logger


@contextmanager
def serving(served: str) -> Iterator[None]:
    """Serve a request of this id."""
    before = request_fields.set({"request_id": served})
    yield
    request_fields.reset(before)


def fail() -> None:
    password = SECRET
    raise ValueError(f"wrong\nforged {len(password)}")


def test_every_line_is_json_in_production(capsys: pytest.CaptureFixture[str]) -> None:
    set_up("production")
    with serving("r-1"):
        logger().info("order %s placed", "A-1", amount=500)
        logging.getLogger("shop.transact").warning("attempt %d", 2, extra={"seconds": 0.5})
        logging.getLogger("uvicorn.error").error("cannot", extra={"color_message": "in colours"})

    first, second, third = documents(capsys)
    time = first.pop("timestamp")
    assert first == {
        "event": "order A-1 placed",
        "amount": 500,
        "request_id": "r-1",
        "level": "info",
    }
    assert time.endswith("Z")
    assert second["event"] == "attempt 2"
    assert second["seconds"] == 0.5
    assert second["request_id"] == "r-1"
    assert third["logger"] == "uvicorn.error"
    assert "color_message" not in third


def test_exception_is_structured_without_local_variables_in_production(
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_up("production")
    for log in (logger(), logging.getLogger("plain")):
        try:
            fail()
        except ValueError:
            log.exception("failed")

    for document in documents(capsys):
        (trace,) = document["exception"]
        assert trace["exc_type"] == "ValueError"
        assert trace["frames"][-1]["name"] == "fail"
        assert SECRET not in json.dumps(document)


def test_warnings_are_logged(capsys: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        set_up("production")
        warnings.warn("an old way", DeprecationWarning, stacklevel=1)

    (document,) = documents(capsys)
    assert "an old way" in document["event"]
    assert document["logger"] == "py.warnings"


@pytest.mark.parametrize("environment", ["production", "development"])
@pytest.mark.parametrize(
    "name",
    [
        "password",
        "new_password",
        "Password",
        "token",
        "card_token",
        "cookie",
        "Set-Cookie",
        "authorization",
        "secret",
        "session_secrets",
        "api_key",
        "idempotency-key",
        "credentials",
    ],
)
@pytest.mark.parametrize("value", [SECRET, (SECRET,), {"a": SECRET}, SECRET.encode()], ids=repr)
def test_fields_named_like_secrets_are_redacted(
    name: str, value: object, environment: str, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up(environment)

    logger().info("seen", **{name: value})
    logger().info("seen", inside={"list": [{name: value}]})
    logging.getLogger("plain").info("seen", extra={name: value})
    logger().bind(**{name: value}).info("seen")

    logged = lines(capsys)
    assert len(logged) == 4
    for line in logged:
        assert "correct horse" not in line
        assert "[redacted]" in line


def test_other_fields_are_not_redacted(capsys: pytest.CaptureFixture[str]) -> None:
    set_up("production")
    facts = {"keys": 3, "token": None, "keyboard": "qwerty", "session": "hash", "lines": [1, 2]}

    logger().info("seen", **facts)

    (document,) = documents(capsys)
    assert {name: document[name] for name in facts} == facts


@pytest.mark.parametrize("environment", ["production", "development"])
def test_values_cannot_start_a_line_or_control_a_terminal(
    environment: str, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up(environment)

    logger().info(INJECTION, value=INJECTION, **{INJECTION: INJECTION})
    logging.getLogger("plain").info("%s", INJECTION, extra={"value": INJECTION})
    with serving(INJECTION):
        logger().info("seen", inside=[INJECTION])

    logged = lines(capsys)
    assert len(logged) == 3
    assert all(line.isprintable() for line in logged)


def test_development_traceback_is_indented_and_cannot_forge_a_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_up("development")
    try:
        fail()
    except ValueError:
        logger().exception("failed", order="A-1")

    first, *trace = lines(capsys)
    assert "[error" in first
    assert "failed" in first
    assert "order='A-1'" in first
    assert any("ValueError: wrong" in line for line in trace)
    assert all(line.startswith("    ") for line in trace)


@pytest.mark.parametrize(
    ("level", "logged"),
    [("debug", 3), ("info", 2), ("warning", 1), ("error", 0)],
)
def test_log_level_follows_the_setting(
    level: Level, logged: int, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up(level=level)

    logger().debug("d")
    logging.getLogger("plain").info("i")
    logger().warning("w")

    assert len(lines(capsys)) == logged


@pytest.mark.parametrize(
    "name", ["aiosqlite", "alembic.runtime", "sqlalchemy.engine", "stripe", "uvicorn"]
)
def test_libraries_that_log_every_value_stay_quiet_at_any_level(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up(level="debug")

    logging.getLogger(name).info("INSERT ... %s", SECRET)
    logging.getLogger(name).warning("lost")

    (line,) = lines(capsys)
    assert "lost" in line


def test_value_is_written_as_its_repr_unless_it_is_plain(
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_up(environment="production")

    logger().info("seen", account=Hidden(password=SECRET), note="\x7f")

    (line,) = lines(capsys)
    assert SECRET not in line
    assert json.loads(line)["account"] == "hidden"
    assert line.isprintable()


@dataclass
class Hidden:
    """An object whose text hides a field."""

    password: str

    def __repr__(self) -> str:
        return "hidden"


def test_standard_output_stays_empty(capsys: pytest.CaptureFixture[str]) -> None:
    set_up()

    logger().info("seen")

    assert sys.stderr is not sys.stdout
    assert len(lines(capsys)) == 1


def test_line_that_cannot_be_written_is_dropped_silently(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Full(StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device", text)

    monkeypatch.setattr(sys, "stderr", Full())
    set_up()

    logger().info("signed in")


def test_lines_have_the_same_fields_in_either_way(capsys: pytest.CaptureFixture[str]) -> None:
    set_up("production")
    with serving("r-1"):
        logger().info("seen", name="Ada")
        logger().info("seen", name="Adá")

    at_once, step_by_step = documents(capsys)
    assert list(at_once) == ["name", "event", "request_id", "level", "timestamp"]
    assert list(step_by_step) == list(at_once)
    assert at_once["timestamp"][-1] == step_by_step["timestamp"][-1] == "Z"
