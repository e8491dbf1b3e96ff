"""What these tests see of a shop's statements."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from shop.adapters.sql.schema.tables import pricing_rules
from tests.adapters.sql.guarded.guarded_shop import GuardedShop

Statement = tuple[str, Any]

RULES = {pricing_rules.name}
"""The rules of prices are few, and read only if their version has changed."""


@contextmanager
def statements(shop: GuardedShop) -> Iterator[list[Statement]]:
    """Yield a list to which each statement is added with its parameters."""
    engine = shop.database.writer.sync_engine
    sent: list[Statement] = []

    def note(*arguments: Any) -> None:  # noqa: ANN401  SQLAlchemy's.
        sent.append((arguments[2], arguments[3]))

    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


def assert_read_and_written(sent: list[Statement]) -> None:
    """Check that one statement has read everything, and one has written it."""
    reading, writing = (statement for statement, _ in sent)
    assert "json_agg" in reading
    assert writing.startswith("WITH")
    assert "clock_timestamp() <" in writing


async def scanned_tables(shop: GuardedShop, sent: list[Statement]) -> set[str]:
    """Return the tables that these statements read from beginning to end, without `RULES`."""
    nodes = await plan_nodes(shop, sent)
    scanned = {each["Relation Name"] for each in nodes if each["Node Type"] == "Seq Scan"}
    return scanned - RULES


async def plan_nodes(shop: GuardedShop, sent: list[Statement]) -> list[dict[str, Any]]:
    """Return the nodes of the plans by which PostgreSQL runs these statements."""
    async with shop.database.guarded.connect() as raw:
        plans = [
            (await raw.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {each}", values)).scalar_one()
            for each, values in sent
        ]
    return [node for (plan,) in plans for node in _nodes(plan["Plan"])]


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a plan's nodes."""
    yield plan
    for each in plan.get("Plans", ()):
        yield from _nodes(each)
