"""Operations over HTTP."""

import asyncio
import re

import pytest

from shop.adapters.memory.engine.database import MemoryDatabase
from shop.application.ports.database import MigrationRequired
from shop.application.ports.unit_of_work import DatabaseUnavailable, UnitOfWork
from tests.clock import ScriptedClock
from tests.http.shops import Shop, refused

pytestmark = pytest.mark.anyio


class Troubled(MemoryDatabase):
    """A database that has something to say when it is checked."""

    trouble: Exception
    closed = False

    async def check(self) -> None:
        raise self.trouble

    async def close(self) -> None:
        self.closed = True


async def test_the_shop_is_alive_and_ready(shop: Shop) -> None:
    alive, ready = [await shop.visitor().get(path) for path in ("//healthz", "//readyz")]
    assert (alive.status_code, alive.json()) == (200, {"status": "alive"})
    assert (ready.status_code, ready.json()) == (200, {"status": "ready"})


@pytest.mark.parametrize(
    ("trouble", "slug"),
    [
        (DatabaseUnavailable("connection refused"), "service-unavailable"),
        (MigrationRequired("at 0001"), "database-not-migrated"),
    ],
)
async def test_a_shop_without_a_sound_database_is_alive_but_not_ready(
    clock: ScriptedClock, trouble: Exception, slug: str
) -> None:
    database = Troubled()
    database.trouble = trouble
    visitor = Shop.open(clock, database).visitor()
    refused(await visitor.get("//readyz"), 503, slug)
    assert (await visitor.get("//healthz")).status_code == 200


async def test_the_page_for_people_leads_on(shop: Shop) -> None:
    answer = await shop.visitor().get("//")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    for path in ("/docs", "/openapi.json", "/api/v1/products", "/readyz"):
        assert f'<a href="{path}">' in answer.text
        assert (await shop.visitor().get(f"/{path}")).status_code == 200
    assert "<script" not in answer.text


async def test_the_docs_load_nothing_from_elsewhere(shop: Shop) -> None:
    visitor = shop.visitor()
    page = await visitor.get("//docs")
    loaded = re.findall(r'(?:src|href)="(/[^"]+)"', page.text)
    assert loaded == ["/docs/swagger-ui.css", "/docs/swagger-ui-bundle.js"]
    assert "http" not in page.text
    assert "http" not in page.headers["content-security-policy"]
    answers = [await visitor.get(f"/{path}") for path in loaded]
    assert [answer.headers["content-type"].partition(";")[0] for answer in answers] == [
        "text/css",
        "text/javascript",
    ]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert "/docs" not in shop.app.openapi()["paths"]


async def test_production_does_not_show_the_docs(clock: ScriptedClock) -> None:
    visitor = Shop.open(clock, environment="production").visitor()
    for path in ("//docs", "//docs/swagger-ui-bundle.js"):
        refused(await visitor.get(path), 404, "route-not-found")
    assert "/docs" not in (await visitor.get("//")).text
    assert (await visitor.get("//openapi.json")).status_code == 200


async def test_at_its_end_the_app_waits_for_what_runs_and_closes_the_database(
    clock: ScriptedClock,
) -> None:
    database = Troubled()
    shop = Shop.open(clock, database)
    ended = []

    async def slow(_: UnitOfWork) -> None:
        await asyncio.sleep(0.01)
        ended.append(database.closed)

    async with shop.app.router.lifespan_context(shop.app):
        caller = asyncio.create_task(
            shop.container.transaction_runner().write(slow, retryable=True)
        )
        await asyncio.sleep(0)
        caller.cancel()
        assert not database.closed
    assert ended == [False]
    assert database.closed
