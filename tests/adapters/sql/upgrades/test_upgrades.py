"""A database that an older release left is upgraded with its data.

Goal: whatever a client was answered before the upgrade, it is answered after it. Method: `dumps`
holds, for each engine and each schema revision, a database that a release of that revision filled
over HTTP, and what its clients were answered; the dump is loaded, migrated, and every request is
sent again.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from dependency_injector import providers
from pydantic import Secret
from sqlalchemy import Select, func, insert, select
from sqlalchemy.exc import IntegrityError

from shop.adapters.memory.payment_gateway import MemoryPaymentGateway
from shop.adapters.sql.database import SqlDatabase
from shop.adapters.sql.migration.schema_version import KNOWN_VERSIONS
from shop.adapters.sql.schema.tables import (
    SCHEMA_VERSION,
    inventories,
    metadata,
    price_changes,
    products,
    stock_movements,
    variants,
)
from shop.application.ports.payment_gateway import GatewayEvent
from shop.entrypoints.configuration.settings import Settings
from shop.entrypoints.container import Container
from shop.entrypoints.http.app import create_app
from tests.adapters.sql.upgrades.loaded_dumps import DUMPS, load_dump
from tests.clock import FakeClock

pytestmark = pytest.mark.anyio

ENGINES = ["sqlite", "postgresql"]
ALL_DUMPS = sorted(each.name.removesuffix(".sql") for each in DUMPS.glob("*.sql"))
TEN_YEARS_IN_SECONDS = 10 * 365 * 86_400

# What this release calls what the release of the dump called otherwise.
CODES = {
    "not-so-many-left": "quantity-exceeds-order",
    "refund-too-large": "refund-exceeds-payment",
}
VALUES = {("kind", "return"): "refund", ("status", "done"): "succeeded"}
MEMBERS = {"wanted": "requested", "left": "remaining", "before": "current", "after": "target"}
LATER_MEMBERS = {
    *("problems", "shipped", "refunded", "user", "kind"),
    *("handle", "options", "variants", "categories", "images", "seo"),
    *("totals", "taxes", "discounts", "discount", "tax", "shipping_amount"),
    *("email", "shipping_address", "billing_address", "shipping_method", "codes"),
}
"""The members that releases of an earlier schema version did not answer."""

TABLES = {
    "handovers": "shipment_events",
    "handover_lines": "shipment_event_lines",
    "movements": "stock_movements",
    "notices": "gateway_events",
    "dispatches": "notification_deliveries",
}


def _record(dump: str) -> dict[str, Any]:
    record: dict[str, Any] = json.loads((DUMPS / f"{dump}.json").read_text())
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


@asynccontextmanager
async def _upgraded(dump: str, folder: Path, postgresql_url: str) -> AsyncIterator[Container]:
    record = _record(dump)
    url, schema = await load_dump(dump, folder, postgresql_url)
    clock = FakeClock(datetime.fromisoformat(record["now"]))
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


@pytest.fixture(scope="module", params=ALL_DUMPS)
def dump(request: pytest.FixtureRequest) -> str:
    """The dump that is upgraded: its revision and engine."""
    name: str = request.param
    return name


@pytest.fixture(scope="module")
async def shop(
    dump: str, tmp_path_factory: pytest.TempPathFactory, postgresql_url: str
) -> AsyncIterator[Container]:
    """A shop of this release on the upgraded database of the old one, which no test changes."""
    async with _upgraded(dump, tmp_path_factory.mktemp("upgraded"), postgresql_url) as shop:
        yield shop


@pytest.fixture(scope="module")
async def client(shop: Container) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of that shop."""
    transport = httpx2.ASGITransport(app=create_app(shop))
    async with httpx2.AsyncClient(transport=transport, base_url="http://shop.test") as client:
        yield client


def test_every_version_before_this_one_has_a_dump_of_each_engine() -> None:
    # CONTRIBUTING.md says how to make one.
    earlier = KNOWN_VERSIONS - {SCHEMA_VERSION}
    assert {f"{version}.{engine}" for version in earlier for engine in ENGINES} <= set(ALL_DUMPS)


async def test_every_response_under_a_key_is_replayed(
    dump: str, client: httpx2.AsyncClient
) -> None:
    record = _record(dump)
    cookies = _cookies(record)
    for request in record["requests"]:
        response = await client.request(
            request["method"],
            request["path"],
            json=request["body"],
            headers={"Idempotency-Key": request["key"], "Cookie": cookies[request["user"]]},
        )
        if dump.startswith("0001") and request["path"] == "/api/v1/orders":
            # Its fingerprints know no cards, so a retry is rejected, and buys nothing twice.
            assert response.status_code == 422, request["name"]
            assert response.json()["type"] == "/problems/idempotency-key-reused", request["name"]
            continue
        before = _current_response(_names(request["answer"]))
        now = _without_later_members(_without_sentences(response.json()), before)
        assert (response.status_code, now) == (request["status"], before), request["name"]
        assert response.headers["Idempotent-Replayed"] == "true", request["name"]


async def test_sessions_stay_valid(dump: str, client: httpx2.AsyncClient) -> None:
    record = _record(dump)
    for session in record["sessions"]:
        if session["store"] == "database":
            cookie = f"{record['cookie']}={session['cookie']}"
            response = await client.get("/api/v1/session", headers={"Cookie": cookie})
            before = _unexpired(session["answer"])
            assert _without_later_members(_unexpired(response.json()), before) == before


async def test_resources_read_as_before(dump: str, client: httpx2.AsyncClient) -> None:
    record = _record(dump)
    cookies = _cookies(record)
    for read in record["reads"]:
        response = await client.get(read["path"], headers={"Cookie": cookies[read["user"]]})
        before = _current_response(read["answer"])
        assert _without_later_members(response.json(), before) == before, read["path"]


async def test_no_row_is_lost(dump: str, shop: Container) -> None:
    async with _database(shop).reader.connect() as connection:
        counts = {
            table.name: (await connection.execute(select(func.count()).select_from(table))).scalar()
            for table in metadata.sorted_tables
        }

    before = {TABLES.get(name, name): count for name, count in _record(dump)["counts"].items()}
    del before["alembic_version"]
    of_products = ("variants", "price_changes", "product_texts")
    made = dict.fromkeys(of_products, before["products"]) | {"rule_versions": 1}
    assert counts == dict.fromkeys(metadata.tables, 0) | before | made


async def test_each_product_becomes_one_with_a_single_variant(shop: Container) -> None:
    of_product = (products.c.sku, products.c.price, products.c.currency, products.c.name)
    of_variant = (variants.c.sku, variants.c.price, variants.c.currency, variants.c.product_name)
    others = (
        *(variants.c.product_handle, variants.c.image_url, variants.c.for_sale),
        *(variants.c.created_at, variants.c.updated_at, price_changes.c.price),
        *(price_changes.c.created_at, products.c.min_price),
    )
    same = (
        *(products.c.sku, products.c.image_url, products.c.active),
        *(products.c.created_at, products.c.updated_at, products.c.price),
        *(products.c.updated_at, products.c.price),
    )
    new = (
        *(variants.c.position, variants.c.options, variants.c.weight_grams, variants.c.ships),
        *(variants.c.tax_category, variants.c.active, variants.c.compare_at_price),
        *(variants.c.barcode, variants.c.archived_at, products.c.options, products.c.archived_at),
    )
    joined = products.join(variants).join(price_changes)

    before = await _rows(shop, select(*of_product, *same).order_by(products.c.sku))
    upgraded = select(*of_variant, *others).select_from(joined).order_by(variants.c.sku)
    assert await _rows(shop, upgraded) == before
    assert await _rows(shop, select(*new).select_from(joined).distinct()) == [
        (0, {}, 0, True, "standard", True, None, None, None, [], None)
    ]


async def test_products_are_numbered_in_the_order_of_their_creation(shop: Container) -> None:
    by_age = select(products.c.search_id).order_by(products.c.created_at, products.c.sku)
    numbers = await _rows(shop, by_age)
    assert numbers == [(number,) for number in range(1, len(numbers) + 1)]


@pytest.mark.parametrize("engine", ENGINES)
async def test_stock_needs_no_product_after_the_upgrade_and_movements_still_need_stock(
    engine: str, tmp_path: Path, postgresql_url: str
) -> None:
    async with _upgraded(f"0007.{engine}", tmp_path, postgresql_url) as shop:
        movement = {
            "id": uuid4(),
            "kind": "adjustment",
            "on_hand_delta": 1,
            "reserved_delta": 0,
            "reason": "",
            "created_at": shop.clock().now(),
        }
        async with _database(shop).writer.begin() as connection:
            stock = insert(inventories).values(sku="NEW", on_hand=1, reserved=0)
            await connection.execute(stock)
            await connection.execute(insert(stock_movements).values(sku="NEW", **movement))
        with pytest.raises(IntegrityError):
            async with _database(shop).writer.begin() as connection:
                await connection.execute(insert(stock_movements).values(sku="OLD", **movement))


async def test_no_invariant_is_violated(dump: str, shop: Container) -> None:
    findings = await shop.audit_shop().run(lambda _: None)

    violated = {violation.rule for finding in findings for violation in finding.violations}
    # When the first dump was made, no worker had run.
    assert violated == ({"job-is-dead", "job-is-overdue"} if dump.startswith("0004") else set())


@pytest.mark.parametrize("engine", ENGINES)
async def test_event_that_the_old_release_handled_gets_no_job(
    engine: str, tmp_path: Path, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def parse(body: bytes, _: object) -> GatewayEvent:
        return GatewayEvent(id=body.decode(), kind="test", payment_id="pay_1", reference=None)

    async with _upgraded(f"0004.{engine}", tmp_path, postgresql_url) as shop:
        monkeypatch.setattr(shop.payment_gateway(), "parse_event", parse)
        for event in (b"evt_0004_order", b"evt_0004_payout", b"evt_0007_new"):
            await shop.handle_gateway_events().receive(event, {})
        jobs = await shop.job_service().list(dead_only=False)

    assert [job.id.kind.value for job in jobs].count("handle_gateway_event") == 1


def _database(shop: Container) -> SqlDatabase:
    database = shop.database()
    assert isinstance(database, SqlDatabase)
    return database


async def _rows(shop: Container, query: Select[Any]) -> list[tuple[object, ...]]:
    async with _database(shop).reader.connect() as connection:
        return [tuple(row) for row in await connection.execute(query)]


def _cookies(record: dict[str, Any]) -> dict[str | None, str]:
    return {
        session["user"]: f"{record['cookie']}={session['cookie']}"
        for session in record["sessions"]
        if session["store"] == "database"
    }


def _unexpired(session: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in session.items() if name != "expires_at"}


def _without_later_members(response: Any, before: Any) -> Any:  # noqa: ANN401  As above.
    """Return an answer without the members that only this release answers, where it is one."""
    match response, before:
        case dict(), dict():
            return {
                name: _without_later_members(value, before.get(name))
                for name, value in response.items()
                if name in before or name not in LATER_MEMBERS
            }
        case list(), list():
            pairs = zip_longest(_without_later_entries(response, before), before)
            return [_without_later_members(each, earlier) for each, earlier in pairs]
        case _:
            return response


def _without_later_entries(items: list[Any], before: list[Any]) -> list[Any]:
    """Return the items of a list without what only this release puts into an order's history."""
    # A history was status changes alone, whose members had no kind.
    is_history = all(isinstance(each, dict) and {"from", "to"} <= each.keys() for each in before)
    if not before or not is_history or "kind" in before[0]:
        return items
    return [each for each in items if each["kind"] == "status"]


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
