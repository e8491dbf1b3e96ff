"""A database that an older release left is upgraded with its data.

Goal: whatever a client was answered before the upgrade, it is answered after it. Method: `dumps`
holds, for each engine, a database that a release of schema revision 0004 filled over HTTP, and what
its clients were answered; the dump is loaded, migrated, and every request is sent again.
"""

import json
import re
import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from dependency_injector import providers
from pydantic import Secret
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import create_async_engine

from shop.adapters.memory.payment_gateway import MemoryPaymentGateway
from shop.adapters.sql.database import SqlDatabase
from shop.adapters.sql.schema.tables import metadata
from shop.application.ports.payment_gateway import GatewayEvent
from shop.entrypoints.configuration.settings import Settings
from shop.entrypoints.container import Container
from shop.entrypoints.http.app import create_app
from tests.clock import FakeClock

pytestmark = pytest.mark.anyio

DUMPS = Path(__file__).with_name("dumps")
ENGINES = ["sqlite", "postgresql"]
AFTER_THE_DUMP = datetime(2026, 11, 28, 3, 35, tzinfo=UTC)
TEN_YEARS_IN_SECONDS = 10 * 365 * 86_400

# What this release calls what the release of the dump called otherwise.
CODES = {
    "not-so-many-left": "quantity-exceeds-order",
    "refund-too-large": "refund-exceeds-payment",
}
VALUES = {("kind", "return"): "refund", ("status", "done"): "succeeded"}
MEMBERS = {"wanted": "requested", "left": "remaining", "before": "current", "after": "target"}
TABLES = {
    "handovers": "shipment_events",
    "handover_lines": "shipment_event_lines",
    "movements": "stock_movements",
    "notices": "gateway_events",
    "dispatches": "notification_deliveries",
}


def _record(engine: str) -> dict[str, Any]:
    record: dict[str, Any] = json.loads((DUMPS / f"0004.{engine}.json").read_text())
    return record


def _names(response: Any) -> Any:  # noqa: ANN401  JSON of any shape.
    """Return an answer of the old release in the names of this one, without its sentences."""
    if isinstance(response, list):
        return [_names(each) for each in response]
    if not isinstance(response, dict):
        return response
    renamed = {MEMBERS.get(name, name): _names(value) for name, value in response.items()}
    if str(response.get("type", "")).startswith("/problems/"):
        code = response["type"].removeprefix("/problems/")
        code = CODES.get(code, code)
        renamed |= {"type": f"/problems/{code}", "title": code.replace("-", " ").capitalize()}
        del renamed["detail"]
    return renamed


def _without_sentences(response: Any) -> Any:  # noqa: ANN401  As above.
    is_problem = isinstance(response, dict) and "/problems/" in str(response.get("type", ""))
    return {k: v for k, v in response.items() if k != "detail"} if is_problem else response


async def _load(engine: str, tmp_path: Path, postgresql_url: str) -> tuple[str, str]:
    """Load a dump into a new database; return its URL and schema."""
    dump = (DUMPS / f"0004.{engine}.sql").read_text()
    if engine == "sqlite":
        connection = sqlite3.connect(tmp_path / "shop.db")
        connection.executescript(dump)
        connection.close()
        return f"sqlite+aiosqlite:///{tmp_path}/shop.db", "public"
    schema = f"upgraded_{uuid4().hex}"
    loader = create_async_engine(postgresql_url)
    async with loader.begin() as writer:
        await writer.execute(text(f"CREATE SCHEMA {schema}"))
        await writer.execute(text(f"SET LOCAL search_path TO {schema}"))
        for statement in re.split(r"(?<=;)\n", dump):
            if statement.strip():
                await writer.exec_driver_sql(statement)
    await loader.dispose()
    return postgresql_url, schema


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """The engine whose dump is upgraded."""
    name: str = request.param
    return name


@pytest.fixture
async def shop(engine: str, tmp_path: Path, postgresql_url: str) -> AsyncIterator[Container]:
    """A shop of this release on the upgraded database of the old one."""
    record = _record(engine)
    url, schema = await _load(engine, tmp_path, postgresql_url)
    clock = FakeClock(AFTER_THE_DUMP)
    container = Container(
        settings=Settings(
            database_url=url,
            database_schema=schema,
            session_secrets=(Secret(record["secret"]),),
            session_idle_seconds=TEN_YEARS_IN_SECONDS,
            session_absolute_seconds=TEN_YEARS_IN_SECONDS,
            hosts=("shop.test",),
            run_jobs_in_server=False,
        )
    )
    container.clock.override(providers.Object(clock))
    container.payment_gateway.override(providers.Object(MemoryPaymentGateway(clock)))
    await container.database().migrate()
    await container.database().check()
    yield container
    await container.transaction_runner().drain()
    await container.database().close()


@pytest.fixture
async def client(shop: Container) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of that shop."""
    transport = httpx2.ASGITransport(app=create_app(shop))
    async with httpx2.AsyncClient(transport=transport, base_url="http://shop.test") as client:
        yield client


async def test_every_response_under_a_key_is_replayed(
    engine: str, client: httpx2.AsyncClient
) -> None:
    record = _record(engine)
    cookies = _cookies(record)
    for request in record["requests"]:
        response = await client.request(
            request["method"],
            request["path"],
            json=request["body"],
            headers={"Idempotency-Key": request["key"], "Cookie": cookies[request["user"]]},
        )
        assert (response.status_code, _without_sentences(response.json())) == (
            request["status"],
            _current_response(_names(request["answer"])),
        ), request["name"]
        assert response.headers["Idempotent-Replayed"] == "true", request["name"]


async def test_sessions_stay_valid(engine: str, client: httpx2.AsyncClient) -> None:
    record = _record(engine)
    for session in record["sessions"]:
        if session["store"] == "database":
            cookie = f"{record['cookie']}={session['cookie']}"
            response = await client.get("/api/v1/session", headers={"Cookie": cookie})
            assert _unexpired(response.json()) == _unexpired(session["answer"])


async def test_resources_read_as_before(engine: str, client: httpx2.AsyncClient) -> None:
    record = _record(engine)
    cookies = _cookies(record)
    for read in record["reads"]:
        response = await client.get(read["path"], headers={"Cookie": cookies[read["user"]]})
        assert response.json() == _current_response(read["answer"]), read["path"]


async def test_no_row_is_lost(engine: str, shop: Container) -> None:
    database = shop.database()
    assert isinstance(database, SqlDatabase)
    async with database.reader.connect() as connection:
        counts = {
            table.name: (await connection.execute(select(func.count()).select_from(table))).scalar()
            for table in metadata.sorted_tables
        }

    before = {TABLES.get(name, name): count for name, count in _record(engine)["counts"].items()}
    del before["alembic_version"]
    assert counts == before


async def test_event_that_the_old_release_handled_gets_no_job(
    shop: Container, monkeypatch: pytest.MonkeyPatch
) -> None:
    def parse(body: bytes, _: object) -> GatewayEvent:
        return GatewayEvent(id=body.decode(), kind="test", payment_id="pay_1", reference=None)

    monkeypatch.setattr(shop.payment_gateway(), "parse_event", parse)
    for event in (b"evt_0004_order", b"evt_0004_payout", b"evt_0007_new"):
        await shop.handle_gateway_events().receive(event, {})

    jobs = await shop.job_service().list(dead_only=False)
    assert [job.id.kind.value for job in jobs].count("handle_gateway_event") == 1


async def test_audit_finds_only_what_the_old_release_left(shop: Container) -> None:
    # No worker has run since the dump was made.
    findings = await shop.audit_shop().run(lambda _: None)

    assert {violation.rule for finding in findings for violation in finding.violations} == {
        "job-is-dead",
        "job-is-overdue",
    }


def _cookies(record: dict[str, Any]) -> dict[str | None, str]:
    return {
        session["user"]: f"{record['cookie']}={session['cookie']}"
        for session in record["sessions"]
        if session["store"] == "database"
    }


def _unexpired(session: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in session.items() if name != "expires_at"}


def _current_response(response: Any) -> Any:  # noqa: ANN401  JSON of any shape.
    """Return what the old release answered, with the values that this one calls otherwise."""
    if isinstance(response, list):
        return [_current_response(each) for each in response]
    if not isinstance(response, dict):
        return response
    return {
        name: VALUES.get((name, str(value)), _current_response(value))
        for name, value in response.items()
    }
