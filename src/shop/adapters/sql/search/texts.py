"""Writes what is searched of products.

On SQLite, triggers keep the full-text index as the table is; on PostgreSQL the table has an index.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    Executable,
    Text,
    cast,
    exists,
    func,
    select,
    text,
    update,
)

from shop.adapters.sql.schema.tables import product_texts, products
from shop.adapters.sql.statements.connection import SqlConnection
from shop.adapters.sql.statements.row_parameters import ROWS, Columns, RowParameters

ROW: Columns = (("product_handle", products.c.sku.type), ("tokens", Text()))

LOCK_NUMBERS = text(
    "SELECT pg_advisory_xact_lock(hashtextextended(current_schema(), 5044031582654955519))"
)
"""Until the end of the transaction, no other gives numbers to products of this schema."""


class ProductTexts:
    """The staged tokens of products."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection
        self._staged: dict[str, str] = {}

    def put(self, handle: str, tokens: Sequence[str]) -> None:
        """Stage the tokens of a product."""
        self._connection.require_staging()
        self._staged[handle] = " ".join(tokens)

    async def write(self) -> None:
        """Give new products the next numbers, and write the tokens under them."""
        if not self._staged:
            return
        parameters = self._connection.row_parameters
        rows = [
            {"product_handle": handle, "tokens": tokens} for handle, tokens in self._staged.items()
        ]
        bound = parameters.bind_rows(ROW, ROWS, rows)
        if (await self._connection.fetch_all(_has_new(parameters), bound))[0][0]:
            if self._connection.has_lateral_joins:
                await self._connection.fetch_all(LOCK_NUMBERS)
            await self._connection.execute(_give_numbers(parameters), bound)
        await self._connection.execute(_write(parameters), bound)


@cache
def _has_new(row_parameters: RowParameters) -> Executable:
    rows = row_parameters.rows_from(ROW, ROWS)
    is_new = exists().where(products.c.sku == rows.c.product_handle, products.c.search_id.is_(None))
    return select(is_new)


@cache
def _give_numbers(row_parameters: RowParameters) -> Executable:
    """Number the new products in the order in which they were added."""
    rows = row_parameters.rows_from(ROW, ROWS)
    order = (products.c.created_at, products.c.sku)
    last = select(func.coalesce(func.max(products.c.search_id), 0)).scalar_subquery()
    numbered = (
        select(products.c.sku, (last + func.row_number().over(order_by=order)).label("number"))
        .join(rows, rows.c.product_handle == products.c.sku)
        .where(products.c.search_id.is_(None))
        .subquery("numbered")
    )
    return (
        update(products).where(products.c.sku == numbered.c.sku).values(search_id=numbered.c.number)
    )


@cache
def _write(row_parameters: RowParameters) -> Executable:
    rows = row_parameters.rows_from(ROW, ROWS)
    tokens = cast(rows.c.tokens, product_texts.c.tokens.type)
    found = (
        select(products.c.search_id, products.c.sku, tokens)
        .join(rows, rows.c.product_handle == products.c.sku)
        # Without a WHERE, SQLite would read ON CONFLICT as part of the join.
        .where(text("1 = 1"))
    )
    insert: Any = row_parameters.insert_or_update(product_texts).from_select(
        ["search_id", "product_handle", "tokens"], found
    )
    changed = insert.excluded.tokens
    written: Executable = insert.on_conflict_do_update(
        index_elements=[product_texts.c.product_handle],
        set_={"tokens": changed},
        where=product_texts.c.tokens != changed,
    )
    return written
