"""The comparison of both sides finds whatever differs, and nothing else."""

import asyncio
from collections.abc import Awaitable, Callable

from shop.adapters.sql.database import SqlDatabase
from shop.adapters.sql.move.database_move import SqlDatabaseMove
from shop.adapters.system.clock import SystemClock
from shop.domain.shared.money import Currency
from tests.moving.moving_shop import MovingShop

TEXTS = (
    "",
    "-",
    "a,b",
    'a "quoted" word',
    "a 'quoted' word",
    "two\nlines",
    "a\ttab and a \\N and a \\.",
    "\\.",
    "Zoë 🧵 Ø",
    " spaces ",
    "1:a",
)


def run(shop: MovingShop, work: Callable[[SqlDatabaseMove], Awaitable[set[str]]]) -> set[str]:
    """Copy the shop, and return what the work finds."""

    async def run() -> set[str]:
        database = SqlDatabase(
            shop.database_url,
            schema=shop.schema,
            secrets=lambda: ["a secret that is not used, 0123456789"],
            currency=Currency("EUR"),
            clock=SystemClock(),
        )
        file = shop.commands.folder / "shop.db"
        move = SqlDatabaseMove(file, shop.database_url, shop.schema, database.migrate)
        try:
            async with move.target_opened(None):
                await move.begin("a token")
                async for _ in move.copy():
                    pass
                return await work(move)
        finally:
            await database.close()

    return asyncio.run(run())


async def differing_tables(move: SqlDatabaseMove) -> set[str]:
    return {each.table for each in await move.compare() if not each.is_equal}


def test_equal_tables_are_equal_whatever_their_texts(shop: MovingShop) -> None:
    for number, text in enumerate(TEXTS):
        quoted = text.replace("'", "''")
        change = f"UPDATE products SET description = '{quoted}' WHERE rowid = {number + 1}"  # noqa: S608
        shop.commands.rows(change)

    assert run(shop, differing_tables) == set()
    assert shop.rows_after() == shop.rows_before()


DIFFERENCES = (
    ("orders", "UPDATE orders SET version = version + 1"),
    ("orders", "UPDATE orders SET placed_at = placed_at + interval '1 microsecond'"),
    ("users", "UPDATE users SET enabled = NOT enabled"),
    ("products", "UPDATE products SET active = NOT active"),
    ("products", "UPDATE products SET name = name || ' '"),
    ("product_texts", "UPDATE product_texts SET tokens = tokens || 'more'::tsvector"),
    ("order_lines", "DELETE FROM order_lines WHERE position = 0"),
)


def test_each_difference_is_found_in_its_table(shop: MovingShop) -> None:
    found: list[tuple[set[str], str]] = []

    async def change_and_compare(move: SqlDatabaseMove) -> set[str]:
        for _, change in DIFFERENCES:
            transaction = move._target._driver.transaction()
            await transaction.start()
            await move._target._driver.execute(change)
            found.append((await differing_tables(move), change))
            await transaction.rollback()
        return await differing_tables(move)

    assert run(shop, change_and_compare) == set()
    assert found == [({table}, change) for table, change in DIFFERENCES]


def test_changes_after_the_snapshot_are_copied(shop: MovingShop) -> None:
    async def change_and_catch_up(move: SqlDatabaseMove) -> set[str]:
        shop.commands.rows("UPDATE products SET name = name || '!' WHERE rowid < 5")
        shop.commands.rows("DELETE FROM sessions WHERE rowid = (SELECT min(rowid) FROM sessions)")
        shop.commands.rows(
            "INSERT INTO user_groups (user_id, name) SELECT id, 'friends' FROM users LIMIT 2"
        )
        # A key that becomes another one is a row that is gone, and a row that is new.
        shop.commands.rows("UPDATE user_groups SET name = 'family' WHERE name = 'friends'")
        assert await differing_tables(move) == {"products", "sessions", "user_groups"}
        assert await move.catch_up() > 0
        assert await move.catch_up() == 0
        return await differing_tables(move)

    assert run(shop, change_and_catch_up) == set()
