"""Decisions about security are logged: a line each, whose it is, and nothing that is a secret."""

import json
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from shop.entrypoints.observability.logging import set_up_logging
from tests.cli.program import logging_restored
from tests.clock import ScriptedClock
from tests.http.shops import PASSWORD, Shop, Visitor

pytestmark = pytest.mark.anyio

FORGERY = 'eve@example.com\n{"event": "signed in"}\u2028\x1b[31m'


@pytest.fixture(params=["database", "cookie"])
def session_store(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


async def known(visitor: Visitor) -> dict[str, Any]:
    """Return what the log tells of a visitor who is signed in."""
    user_id = (await visitor.get("/session")).json()["user"]["id"]
    (session,) = [
        each for each in (await visitor.get("/sessions")).json()["items"] if each["current"]
    ]
    return {"user_id": user_id, "session": session["handle"]}


NOBODY = {"user_id": None, "session": None}


async def told(
    visitor: Visitor, method: str, path: str, body: object = None, **headers: str
) -> EventDict:
    """Send a request; return the one line of the log that not every request has."""
    with capture_logs() as lines:
        await visitor.ask(method, path, body, **headers)
    (line,) = [line for line in lines if line["event"] != "request"]
    assert line.pop("log_level") == "info"
    return line


async def test_signing_up_in_and_out_is_logged(shop: Shop) -> None:
    visitor = shop.visitor()
    body = {"name": "Ada", "email": "ada@example.com", "password": PASSWORD}
    line = await told(visitor, "POST", "/users", body)
    ada = await known(visitor)
    assert line == {"event": "signed up", **ada}

    del body["name"]
    assert await told(visitor, "POST", "/session", body) == {"event": "signed in", **ada}
    assert await told(visitor, "DELETE", "/session") == {"event": "signed out", **ada}
    assert await told(visitor, "DELETE", "/session") == {"event": "signed out", **NOBODY}


async def test_a_new_password_and_ended_sessions_are_logged(shop: Shop) -> None:
    visitor, other = await shop.customer("ada"), shop.visitor()
    await other.sign_in("ada")
    ada, others = await known(visitor), await known(other)

    line = await told(visitor, "DELETE", f"/sessions/{others['session']}")
    assert line == {"event": "session ended", "ended": others["session"], **ada}
    line = await told(visitor, "DELETE", "/sessions")
    assert line == {"event": "other sessions ended", **ada}
    change = {"current": PASSWORD, "new": "another password"}
    line = await told(visitor, "POST", "/password", change)
    assert line == {"event": "password changed", **ada}
    line = await told(visitor, "POST", "/password", change)
    assert line == {"event": "access denied", "reason": "wrong-credentials", **ada}


async def test_denied_access_is_logged_with_its_reason(shop: Shop, clock: ScriptedClock) -> None:
    stranger, visitor = shop.visitor(), await shop.customer("ada")
    ada = await known(visitor)
    wrong = {"email": "ada@example.com", "password": "guessed"}

    def denied(reason: str, whom: dict[str, Any]) -> dict[str, Any]:
        return {"event": "access denied", "reason": reason, **whom}

    line = await told(stranger, "POST", "/session", wrong)
    assert line == denied("wrong-credentials", NOBODY)
    line = await told(stranger, "GET", "/account")
    assert line == denied("not-signed-in", NOBODY)
    line = await told(visitor, "PUT", "/products/TEA", {})
    assert line == denied("forbidden", ada)
    line = await told(visitor, "POST", "/orders", {}, sec_fetch_site="cross-site")
    assert line == denied("cross-site", NOBODY)
    clock.advance(timedelta(days=8))
    line = await told(visitor, "GET", "/account")
    assert line == denied("session-expired", NOBODY)


async def test_row_49_security_events_are_single_lines_without_secrets(
    clock: ScriptedClock, session_store: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = Shop.open(clock, environment="production", session_store=session_store)
    with logging_restored():
        set_up_logging(shop.container.settings())
        visitor = await shop.customer("ada")
        tokens = [visitor.token]
        await visitor.post("/session", {"email": FORGERY, "password": FORGERY})
        await visitor.sign_in("ada")
        tokens.append(visitor.token)
        await visitor.get("/account", user_agent="x", cookie=f"__Host-shop_session={'z' * 40}")
        await visitor.delete("/session", origin="https://evil.test")
        await visitor.delete("/session")
        lines = capsys.readouterr().err.splitlines()
    # The client of these tests has a log of its own.
    lines = [line for line in lines if "logger" not in json.loads(line)]
    documents = [json.loads(line) for line in lines]
    events = [each for each in documents if each["event"] != "request"]
    assert [(each["event"], each.get("reason")) for each in events] == [
        ("signed up", None),
        ("access denied", "wrong-credentials"),
        ("signed in", None),
        ("access denied", "not-signed-in"),
        ("access denied", "cross-site"),
        ("signed out", None),
    ]
    requests = {each["request_id"] for each in documents if each["event"] == "request"}
    assert {each["request_id"] for each in events} == requests
    whole = "\n".join(lines)
    for secret in (*map(str, tokens), PASSWORD, "example.com", "zzz"):
        assert secret not in whole
