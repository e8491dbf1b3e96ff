"""Operations over HTTP."""

import asyncio
import re

import pytest
from structlog.testing import capture_logs

from shop.adapters.memory.engine.database import MemoryDatabase
from shop.application.ports.database import IncompatibleSchema, MigrationRequired
from shop.application.ports.unit_of_work import DatabaseUnavailable, UnitOfWork
from tests.clock import FakeClock
from tests.entrypoints.http.clients import HttpShop, assert_problem

pytestmark = pytest.mark.anyio


class UnavailableDatabase(MemoryDatabase):
    """A database that has something to say when it is checked."""

    error: Exception
    closed = False

    async def check(self) -> None:
        raise self.error

    async def close(self) -> None:
        self.closed = True


async def test_shop_is_alive_and_ready(shop: HttpShop) -> None:
    alive, ready = [await shop.browser().get(path) for path in ("//healthz", "//readyz")]
    assert (alive.status_code, alive.json()) == (200, {"status": "alive"})
    assert (ready.status_code, ready.json()) == (200, {"status": "ready"})


@pytest.mark.parametrize(
    ("trouble", "slug"),
    [
        (DatabaseUnavailable("connection refused"), "service-unavailable"),
        (MigrationRequired("at 0001"), "database-not-migrated"),
        (IncompatibleSchema("at 0099"), "database-incompatible"),
    ],
)
async def test_shop_without_a_usable_database_is_alive_but_not_ready(
    clock: FakeClock, trouble: Exception, slug: str
) -> None:
    database = UnavailableDatabase()
    database.error = trouble
    browser = HttpShop.open(clock, database).browser()
    assert_problem(await browser.get("//readyz"), 503, slug)
    assert (await browser.get("//healthz")).status_code == 200


async def test_landing_page_links_to_docs_and_api(shop: HttpShop) -> None:
    response = await shop.browser().get("//")
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    for path in ("/docs", "/openapi.json", "/api/v1/products", "/readyz"):
        assert f'<a href="{path}">' in response.text
        assert (await shop.browser().get(f"/{path}")).status_code == 200
    assert "<script" not in response.text


async def test_docs_load_nothing_from_other_hosts(shop: HttpShop) -> None:
    browser = shop.browser()
    page = await browser.get("//docs")
    loaded = re.findall(r'(?:src|href)="(/[^"]+)"', page.text)
    assert loaded == ["/docs/swagger-ui.css", "/docs/swagger-ui-bundle.js"]
    assert "http" not in page.text
    assert "http" not in page.headers["content-security-policy"]
    responses = [await browser.get(f"/{path}") for path in loaded]
    assert [response.headers["content-type"].partition(";")[0] for response in responses] == [
        "text/css",
        "text/javascript",
    ]
    assert [each.status_code for each in responses] == [200, 200]
    for path, response in zip(loaded, responses, strict=True):
        tag = response.headers["etag"]
        again = await browser.get(f"/{path}", if_none_match=tag)
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert (await browser.get(f"/{path}", if_none_match='"other"')).status_code == 200
    assert "/docs" not in shop.app.openapi()["paths"]


async def test_production_serves_no_docs(clock: FakeClock) -> None:
    browser = HttpShop.open(clock, environment="production").browser()
    for path in ("//docs", "//docs/swagger-ui-bundle.js"):
        assert_problem(await browser.get(path), 404, "route-not-found")
    assert "/docs" not in (await browser.get("//")).text
    assert (await browser.get("//openapi.json")).status_code == 200


async def test_shutdown_waits_for_running_work_and_closes_the_database(
    clock: FakeClock,
) -> None:
    database = UnavailableDatabase()
    shop = HttpShop.open(clock, database)
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


async def test_shop_that_cannot_write_is_not_ready_and_logs_an_error(clock: FakeClock) -> None:
    class FullDatabase(MemoryDatabase):
        async def check_writing(self) -> None:
            raise DatabaseUnavailable("the disk is full")

    browser = HttpShop.open(clock, FullDatabase()).browser()
    with capture_logs() as lines:
        assert_problem(await browser.get("//readyz"), 503, "service-unavailable")
    (failure,) = [line for line in lines if line["event"] == "request_failed"]
    assert (failure["log_level"], failure["reason"]) == ("error", "the disk is full")
