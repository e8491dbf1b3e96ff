"""Metrics count what happens, under names from short lists, and are not public in production."""

import asyncio
from datetime import timedelta
from uuid import UUID

import httpx2
import pytest
from dependency_injector import providers
from starlette.types import Message, Receive, Scope, Send
from structlog.testing import capture_logs

from shop.adapters.memory.webhook_sender import MemoryWebhookSender
from shop.application.ports.repositories.jobs import Job, JobKind
from shop.application.ports.unit_of_work import DatabaseUnavailable
from shop.entrypoints.http.app import create_app
from shop.entrypoints.http.middleware.request_log import CLIENT_LEFT
from tests.clock import FakeClock
from tests.entrypoints.http.clients import Browser, HttpShop, assert_problem
from tests.factories import inventory, stock_movement
from tests.timeouts import TEST_TIMEOUT_SECONDS

pytestmark = pytest.mark.anyio

PORT = 9464
AT_PORT = f"http://127.0.0.1:{PORT}"


async def _samples(shop: HttpShop) -> dict[str, float]:
    response = await shop.browser().get("//metrics")
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    lines = [each for each in response.text.splitlines() if not each.startswith("#")]
    return {name: float(value) for name, _, value in (each.rpartition(" ") for each in lines)}


async def test_orders_are_counted_by_outcome(shop: HttpShop) -> None:
    await shop.add_product("TEA", on_hand=1)
    ada = await shop.customer("ada")
    for key in ("key-0001", "key-0001", "key-0002"):
        await ada.order("TEA", key=key)

    samples = await _samples(shop)

    orders = {name: value for name, value in samples.items() if "shop_orders_total" in name}
    assert orders == {
        'shop_orders_total{outcome="paid"}': 1,
        'shop_orders_total{outcome="out-of-stock"}': 1,
    }
    sizes = {name: value for name, value in samples.items() if "shop_group_size_count" in name}
    assert sizes['shop_group_size_count{queue="PlaceOrders.place"}'] == 3
    assert samples['shop_group_size_sum{queue="PlaceOrders.place"}'] == 3
    assert samples['shop_queue_wait_seconds_count{queue="PlaceOrders.place"}'] == 3


async def test_requests_are_counted_by_route_and_never_by_path(shop: HttpShop) -> None:
    browser = shop.browser()
    for path in ("/products/TEA", "/products/COFFEE", "//no/such/secret", "//no/other/secret"):
        await browser.get(path)
    await browser.request("BREW", "/products/TEA")
    await browser.get("/products", host="evil.test")

    samples = await _samples(shop)

    requests = {
        name: value for name, value in samples.items() if "shop_http_requests_total" in name
    }
    product = "/api/v1/products/{handle}"
    assert requests == {
        f'shop_http_requests_total{{method="GET",route="{product}",status="404"}}': 2,
        'shop_http_requests_total{method="GET",route="unmatched",status="404"}': 2,
        f'shop_http_requests_total{{method="other",route="{product}",status="405"}}': 1,
        'shop_http_requests_total{method="GET",route="/api/v1/products",status="400"}': 1,
    }
    duration = f'shop_http_request_seconds_count{{method="GET",route="{product}"}}'
    assert samples[duration] == 2
    assert not [name for name in samples if "secret" in name or "TEA" in name]


async def test_response_that_reaches_no_one_has_no_status(shop: HttpShop) -> None:
    async def leave(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_to_no_one(message: Message) -> None:
            scope["state"][CLIENT_LEFT] = True
            await send(message)

        await shop.app(scope, receive, send_to_no_one)

    transport = httpx2.ASGITransport(app=leave)
    async with httpx2.AsyncClient(transport=transport, base_url=shop.origin) as client:
        with capture_logs() as lines:
            await client.get("/api/v1/products")

    (line,) = [each for each in lines if each["event"] == "request"]
    assert line["status"] is None
    counted = 'shop_http_requests_total{method="GET",route="/api/v1/products",status="none"}'
    assert (await _samples(shop))[counted] == 1


async def test_oldest_due_job_is_shown_with_its_age(shop: HttpShop, clock: FakeClock) -> None:
    assert (await _samples(shop))["shop_oldest_due_job_seconds"] == 0
    due_at = clock.now() - timedelta(seconds=90)
    async with shop.container.unit_of_work() as uow:
        uow.jobs.add(Job.new(JobKind.SEND_EMAIL, UUID(int=1), at=due_at, due_at=due_at))
        await uow.commit()

    assert (await _samples(shop))["shop_oldest_due_job_seconds"] == 90


async def test_metrics_are_shown_while_the_database_does_not_answer(
    shop: HttpShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail() -> timedelta:
        raise DatabaseUnavailable("down")

    monkeypatch.setattr(shop.container.job_service(), "oldest_due_age", fail)
    await shop.browser().get("/products")

    samples = await _samples(shop)

    assert "shop_oldest_due_job_seconds" not in samples
    assert [name for name in samples if "shop_http_requests_total" in name]


async def test_job_and_its_outcome_are_counted(shop: HttpShop, clock: FakeClock) -> None:
    async with shop.container.unit_of_work() as uow:
        now = clock.now()
        uow.jobs.add(Job.new(JobKind.SEND_EMAIL, UUID(int=1), at=now, due_at=now))
        await uow.commit()
    await shop.container.worker().drain()

    assert (await _samples(shop))['shop_jobs_total{kind="send_email",outcome="done"}'] == 1


async def test_reports_that_are_asked_for_together_send_one_query(
    shop: HttpShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_begun, may_end = asyncio.Event(), asyncio.Event()
    queries = 0

    async def wait() -> timedelta:
        nonlocal queries
        queries += 1
        has_begun.set()
        await may_end.wait()
        return timedelta(seconds=5)

    monkeypatch.setattr(shop.container.job_service(), "oldest_due_age", wait)
    monkeypatch.setattr(
        "shop.entrypoints.metrics.report.QUERY_TIMEOUT_SECONDS", TEST_TIMEOUT_SECONDS
    )
    first = asyncio.create_task(_samples(shop))
    await has_begun.wait()
    second = await _samples(shop)
    may_end.set()

    assert "shop_oldest_due_job_seconds" not in second
    assert (await first)["shop_oldest_due_job_seconds"] == 5
    assert queries == 1


async def test_query_that_hangs_does_not_hold_the_report(
    shop: HttpShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang() -> timedelta:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(shop.container.job_service(), "oldest_due_age", hang)
    monkeypatch.setattr("shop.entrypoints.metrics.report.QUERY_TIMEOUT_SECONDS", 0.05)

    assert "shop_oldest_due_job_seconds" not in await _samples(shop)


@pytest.mark.parametrize(("response", "status"), [(200, "delivered"), (500, "pending")])
async def test_webhook_is_counted_by_the_status_of_its_delivery(
    response: int, status: str, clock: FakeClock
) -> None:
    secret = "whsec_c2hvcCdzIG93biBzZWNyZXQgb2YgdGhlIHRlc3RzLi4="
    endpoint = {"url": "https://example.com/", "secret": secret, "events": ["order.paid"]}
    shop = HttpShop.open(clock, webhook_endpoints=[endpoint])
    sender = MemoryWebhookSender()
    sender.script(response)
    shop.container.webhook_sender.override(providers.Object(sender))
    await shop.add_product("TEA")
    await (await shop.customer("ada")).order("TEA")
    await shop.container.worker().drain()

    assert (await _samples(shop))[f'shop_webhook_attempts_total{{status="{status}"}}'] == 1


@pytest.mark.corrupts
async def test_last_audit_is_shown_with_its_violations(shop: HttpShop) -> None:
    auditor = shop.container.auditor()
    await auditor.audit()
    before = await _samples(shop)
    await shop.add_product("TEA", on_hand=10)
    async with shop.container.unit_of_work() as uow:
        await uow.inventories.lock(["TEA"])
        movement = stock_movement(inventory("TEA", 10), inventory("TEA", 11))
        uow.inventories.save(inventory("TEA", 12), movement)
        await uow.commit()

    with capture_logs() as logs:
        await auditor.audit()

    after = await _samples(shop)
    assert before['shop_invariant_violations{invariant="3"}'] == 0
    assert after['shop_invariant_violations{invariant="3"}'] > 0
    assert after["shop_audit_timestamp_seconds"] == shop.clock.now().timestamp()
    assert [each["invariants"] for each in logs if each["event"] == "invariants_violated"] == [[3]]


async def test_metrics_are_not_on_the_public_port_in_production(clock: FakeClock) -> None:
    shop = HttpShop.open(clock, environment="production", metrics_port=PORT)

    assert_problem(await shop.browser().get("//metrics"), 404, "route-not-found")
    forged = await shop.browser().get("//metrics", host=f"127.0.0.1:{PORT}")
    assert_problem(forged, 400, "unknown-host")


async def test_metrics_port_serves_metrics_and_nothing_else(clock: FakeClock) -> None:
    shop = HttpShop.open(clock, environment="production", metrics_port=PORT)
    browser = Browser(create_app(shop.container), AT_PORT)

    metrics = await browser.get("//metrics")
    assert metrics.status_code == 200
    assert "shop_oldest_due_job_seconds 0.0" in metrics.text
    for path in ("//healthz", "/products", "//openapi.json", "//"):
        assert (await browser.get(path)).status_code == 404
    assert (await browser.get("//metrics", host="evil.test")).status_code == 400
    assert (await browser.post("//metrics")).status_code == 405
