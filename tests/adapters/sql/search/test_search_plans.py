"""No search reads a whole table, on either engine.

The tables are filled like those of the benchmark. PostgreSQL is asked for the plans that do not
depend on the words, which a searching transaction has.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event, text

from bench.search.catalogue import Words, fill
from shop.adapters.sql.database import SqlDatabase
from shop.adapters.sql.search.postgresql_hits import SETTINGS, WINDOW
from shop.application.ports.paging import PageRequest
from shop.application.ports.repositories.catalogue.product_searches import (
    ProductSort,
    SearchFilter,
    SearchPosition,
    SearchQuestion,
)
from shop.domain.catalogue.category import CategoryTree
from shop.domain.catalogue.search_terms import SearchQuery, category_mark
from shop.entrypoints.container.factories import sql_snapshot
from tests.adapters.sql.conftest import NewDatabase
from tests.factories import category

pytestmark = pytest.mark.anyio

PRODUCTS = 500
Statements = list[tuple[str, Any]]

BY_INDEX = ("SEARCH ", "SCAN product_search VIRTUAL TABLE INDEX ", "SCAN anon_1 VIRTUAL TABLE ",
            "SCAN anon_2 VIRTUAL TABLE ")  # fmt: skip
"""What SQLite does by an index, or with what is a parameter."""

SORTED = ("SCAN products USING INDEX ix_products_", "SCAN products USING INDEX sqlite_autoindex_")
"""A list of all products on sale is read in the order of an index, up to the page's end."""

OTHERS = ("CO-ROUTINE", "COMPOUND", "LEFT-MOST", "UNION ALL", "SCAN (subquery", "SCAN SUBQUERY",
          "CORRELATED", "LIST SUBQUERY", "SCALAR SUBQUERY", "USE TEMP B-TREE", "MATERIALIZE",
          "REUSE", "SCAN sold", "SCAN of_products")  # fmt: skip
"""Steps that read no table."""


def _questions() -> Iterator[SearchQuestion]:
    words = Words.made().words
    tree = CategoryTree.of([category("c0"), category("c0-0", parent="c0")])
    texts = ("", words[2], words[30], words[2000], f"{words[3]} {words[50]}", words[40][:3])
    after = {
        ProductSort.RELEVANCE: SearchPosition(rank=0, key="250"),
        ProductSort.NEWEST: SearchPosition(rank=0, key="250"),
        ProductSort.PRICE: SearchPosition(rank=5000, key="BENCH-0000250"),
        ProductSort.PRICE_DESCENDING: SearchPosition(rank=5000, key="BENCH-0000250"),
        ProductSort.NAME: SearchPosition(rank=0, key="BENCH-0000250"),
        ProductSort.HANDLE: SearchPosition(rank=0, key="BENCH-0000250"),
    }
    filters = (
        SearchFilter(),
        SearchFilter(marks=category_mark("c0", tree)),
        SearchFilter(in_stock=True, min_price=100, max_price=9000),
    )
    for each in texts:
        for search_filter in filters:
            for sort, position in after.items():
                for start in (None, position):
                    yield SearchQuestion(
                        query=SearchQuery.of(each, tree),
                        filter=search_filter,
                        sort=sort,
                        page=PageRequest(limit=20, after=start),
                    )


@contextmanager
def _heard(database: SqlDatabase) -> Iterator[Statements]:
    """Yield the statements that a database is asked, each with its parameters."""
    heard: Statements = []

    def hear(_: object, __: object, statement: str, parameters: Any, *___: object) -> None:  # noqa: ANN401
        heard.append((statement, parameters))

    engines = {database.writer.sync_engine, database.reader.sync_engine}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", hear)
    yield heard
    for engine in engines:
        event.remove(engine, "before_cursor_execute", hear)


async def _searches(database: SqlDatabase) -> Mapping[str, Any]:
    """Search by all questions; return the statements, each with one set of parameters."""
    with _heard(database) as heard:
        for question in _questions():
            async with sql_snapshot(database) as uow:
                await uow.product_searches.find(question)
        async with sql_snapshot(database) as uow:
            await uow.product_searches.facts(question)
    return {statement: parameters for statement, parameters in heard if "product" in statement}


async def test_sqlite_searches_by_indexes_alone(new_database: NewDatabase, sqlite_url: str) -> None:
    database = new_database(sqlite_url)
    await database.migrate()
    await fill(database, PRODUCTS)
    statements = await _searches(database)

    steps: dict[str, list[str]] = {}
    async with database.reader.connect() as connection:
        for statement, parameters in statements.items():
            explained = await connection.exec_driver_sql(
                f"EXPLAIN QUERY PLAN {statement}", {"param_1": 0, "param_2": 0, **dict(parameters)}
            )
            steps[statement] = [row.detail for row in explained]

    assert len(steps) > 20
    reading = {
        statement: [each for each in plan if not each.startswith((*BY_INDEX, *OTHERS))]
        for statement, plan in steps.items()
    }
    scans = {step for plan in reading.values() for step in plan}
    assert {each for each in scans if not each.startswith(SORTED)} == set()
    assert all("LIMIT" in statement for statement, plan in reading.items() if plan)


@pytest.mark.parametrize("window", [WINDOW, 10])
async def test_postgresql_searches_by_indexes_alone(
    new_database: NewDatabase, postgresql_url: str, monkeypatch: pytest.MonkeyPatch, window: int
) -> None:
    monkeypatch.setattr("shop.adapters.sql.search.postgresql_hits.WINDOW", window)
    database = new_database(postgresql_url, f"search_{uuid4().hex}")
    await database.migrate()
    await fill(database, PRODUCTS)
    statements = await _searches(database)

    plans: dict[str, str] = {}
    async with database.writer.connect() as connection:
        await connection.execute(text("ANALYZE"))
        await connection.execute(SETTINGS)
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver is not None
        for number, statement in enumerate(statements):
            await driver.execute(f"PREPARE search_{number} AS {statement}")
            nulls = ", ".join(["NULL"] * len(set(re.findall(r"\$\d+", statement))))
            explained = await connection.exec_driver_sql(
                f"EXPLAIN (COSTS OFF) EXECUTE search_{number}{f'({nulls})' if nulls else ''}"
            )
            plans[statement] = "\n".join(row[0] for row in explained)

    assert len(plans) > 20
    assert {plan for plan in plans.values() if "Seq Scan" in plan} == set()
    newest = [plan for statement, plan in plans.items() if "WITH newest" in statement]
    indexed = [plan for statement, plan in plans.items() if statement.startswith("SELECT tier")]
    assert newest
    assert all("Index Scan Backward using pk_product_texts" in plan for plan in newest)
    assert all(plan.count("on product_texts") == 1 for plan in newest)
    # If all products are among the newest, the index is not asked.
    assert bool(indexed) is (window < PRODUCTS)
    assert all("Bitmap Index Scan on ix_product_texts_tokens" in plan for plan in indexed)
