"""Decisions about security are logged: a line each, whose it is, and nothing that is a secret."""

import json
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from shop.entrypoints.observability.logging import add_request_fields, set_up_logging
from tests.clock import FakeClock
from tests.entrypoints.cli.command_line import logging_restored
from tests.entrypoints.http.clients import PASSWORD, Browser, HttpShop

pytestmark = pytest.mark.anyio

FORGERY = 'eve@example.com\n{"event": "signed_in"}\u2028\x1b[31m'


@pytest.fixture(params=["database", "cookie"])
def session_store(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


async def signed_in_session(browser: Browser) -> dict[str, Any]:
    """Return the facts that the log has about a signed-in user."""
    user_id = (await browser.get("/session")).json()["user"]["id"]
    (session,) = [
        each for each in (await browser.get("/sessions")).json()["items"] if each["current"]
    ]
    return {"user_id": user_id, "session_id": session["handle"]}


NO_SESSION = {"user_id": None, "session_id": None}


async def logged_event(
    browser: Browser, method: str, path: str, body: object = None, **headers: str
) -> EventDict:
    """Send a request; return the one line of the log that not every request has."""
    with capture_logs() as lines:
        await browser.request(method, path, body, **headers)
    (line,) = [line for line in lines if line["event"] != "request"]
    assert line.pop("log_level") == "info"
    return line


async def test_sign_up_sign_in_and_sign_out_are_logged(shop: HttpShop) -> None:
    browser = shop.browser()
    body = {"name": "Ada", "email": "ada@example.com", "password": PASSWORD}
    line = await logged_event(browser, "POST", "/users", body)
    ada = await signed_in_session(browser)
    assert line == {"event": "signed_up", **ada}

    del body["name"]
    hash_of_ada = shop.container.account_hash().of("ada@example.com")
    assert await logged_event(browser, "POST", "/session", body) == {
        "event": "signed_in",
        "account_hash": hash_of_ada,
        **ada,
    }
    assert await logged_event(browser, "DELETE", "/session") == {"event": "signed_out", **ada}
    assert await logged_event(browser, "DELETE", "/session") == {
        "event": "signed_out",
        **NO_SESSION,
    }


async def test_password_changes_and_revoked_sessions_are_logged(shop: HttpShop) -> None:
    browser, other = await shop.customer("ada"), shop.browser()
    await other.sign_in("ada")
    ada, others = await signed_in_session(browser), await signed_in_session(other)

    line = await logged_event(browser, "DELETE", f"/sessions/{others['session_id']}")
    assert line == {"event": "session_revoked", "revoked_session_id": others["session_id"], **ada}
    line = await logged_event(browser, "DELETE", "/sessions")
    assert line == {"event": "other_sessions_revoked", **ada}
    change = {"current": PASSWORD, "new": "another password"}
    line = await logged_event(browser, "POST", "/password", change)
    assert line == {"event": "password_changed", **ada}
    line = await logged_event(browser, "POST", "/password", change)
    assert line == {"event": "access_denied", "reason": "wrong-password", **ada}


async def test_denied_access_is_logged_with_its_reason(shop: HttpShop, clock: FakeClock) -> None:
    stranger, browser = shop.browser(), await shop.customer("ada")
    ada = await signed_in_session(browser)
    wrong = {"email": "ada@example.com", "password": "guessed"}

    def denied(reason: str, whom: dict[str, Any]) -> dict[str, Any]:
        return {"event": "access_denied", "reason": reason, **whom}

    hash_of_ada = shop.container.account_hash().of("ada@example.com")
    for address in ("ada@example.com", " ADA@Example.com"):
        line = await logged_event(stranger, "POST", "/session", {**wrong, "email": address})
        assert line == denied("wrong-credentials", {**NO_SESSION, "account_hash": hash_of_ada})
    line = await logged_event(stranger, "POST", "/session", {**wrong, "email": "hunter2"})
    assert line["account_hash"] not in {hash_of_ada, "hunter2"}
    line = await logged_event(stranger, "GET", "/account")
    assert line == denied("not-signed-in", NO_SESSION)
    line = await logged_event(browser, "PUT", "/products/TEA", {})
    assert line == denied("forbidden", ada)
    line = await logged_event(browser, "POST", "/orders", {}, sec_fetch_site="cross-site")
    assert line == denied("cross-site", NO_SESSION)
    clock.advance(timedelta(days=8))
    line = await logged_event(browser, "GET", "/account")
    assert line == denied("session-expired", NO_SESSION)


async def test_rejected_sign_in_can_be_traced(shop: HttpShop) -> None:
    stranger = shop.browser("203.0.113.9")
    with capture_logs([add_request_fields]) as lines:
        response = await stranger.sign_in("ada", "a guess")

    (denied,) = [line for line in lines if line["event"] == "access_denied"]
    assert denied == {
        "event": "access_denied",
        "reason": "wrong-credentials",
        "client": "203.0.113.9",
        "account_hash": shop.container.account_hash().of("ada@example.com"),
        "request_id": response.headers["x-request-id"],
        "log_level": "info",
        **NO_SESSION,
    }


async def test_security_events_are_single_lines_without_secrets(
    clock: FakeClock, session_store: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = HttpShop.open(clock, environment="production", session_store=session_store)
    with logging_restored():
        set_up_logging(shop.container.settings())
        browser = await shop.customer("ada")
        tokens = [browser.token]
        await browser.post("/session", {"email": FORGERY, "password": FORGERY})
        await browser.sign_in("ada")
        tokens.append(browser.token)
        await browser.get("/account", user_agent="x", cookie=f"__Host-shop_session={'z' * 40}")
        await browser.delete("/session", origin="https://evil.test")
        await browser.delete("/session")
        lines = capsys.readouterr().err.splitlines()
    # The client of these tests has a log of its own.
    lines = [line for line in lines if "logger" not in json.loads(line)]
    documents = [json.loads(line) for line in lines]
    events = [each for each in documents if each["event"] != "request"]
    assert [(each["event"], each.get("reason")) for each in events] == [
        ("signed_up", None),
        ("access_denied", "wrong-credentials"),
        ("signed_in", None),
        ("access_denied", "not-signed-in"),
        ("access_denied", "cross-site"),
        ("signed_out", None),
    ]
    requests = {each["request_id"] for each in documents if each["event"] == "request"}
    assert {each["request_id"] for each in events} == requests
    whole = "\n".join(lines)
    for secret in (*map(str, tokens), PASSWORD, "example.com", "zzz"):
        assert secret not in whole
