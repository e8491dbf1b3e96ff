"""Reads on one visit what a group of orders needs."""

from collections.abc import Mapping

from sqlalchemy import Table

from shop.adapters.sql.schema.tables import (
    accounts,
    idempotency_keys,
    inventories,
    products,
    sessions,
    users,
)
from shop.adapters.sql.sqlite.statements import Prepared, row_maker

_OF_WANTED = (
    "(SELECT user_id FROM sessions"
    " WHERE token_hash IN (SELECT json_extract(value, '$.token_hash') FROM json_each(:wanted)))"
)
_ORDERED = """sku IN (
    SELECT value FROM json_each(:skus)
    UNION
    SELECT cart.key FROM json_each(:wanted) AS wanted
    CROSS JOIN sessions ON token_hash = json_extract(wanted.value, '$.token_hash')
    CROSS JOIN json_each(sessions.cart) AS cart
    WHERE json_extract(wanted.value, '$.from_cart')
)"""
_CONDITIONS: Mapping[Table, str] = {
    sessions: "token_hash IN (SELECT json_extract(value, '$.token_hash') FROM json_each(:wanted))",
    users: f"id IN {_OF_WANTED}",
    accounts: f"user_id IN {_OF_WANTED}",
    idempotency_keys: """rowid IN (
        SELECT used.rowid FROM json_each(:wanted) AS wanted
        CROSS JOIN sessions ON token_hash = json_extract(wanted.value, '$.token_hash')
        CROSS JOIN idempotency_keys AS used
        ON used.user_id = sessions.user_id AND used.key = json_extract(wanted.value, '$.key')
    )""",
    products: _ORDERED,
    inventories: _ORDERED,
}


def _query(table: Table, condition: str) -> Prepared:
    names = ", ".join(f'"{each.name}"' for each in table.c)
    return Prepared(
        text=f"SELECT {names} FROM {table.name} WHERE {condition}",  # noqa: S608  All are constants.
        constants={},
        to_rows=row_maker([(each.name, each.type) for each in table.c]),
    )


READ_AHEAD: Mapping[Table, Prepared] = {
    table: _query(table, condition) for table, condition in _CONDITIONS.items()
}
