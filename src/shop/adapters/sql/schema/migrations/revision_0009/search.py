"""The tokens of products, and their full-text index."""

import sqlalchemy as sa
from alembic import op

from shop.adapters.sql.schema.column_types import SearchVector
from shop.adapters.sql.schema.migrations.revision_0009.constraints import (
    CODE,
    primary_key,
    reference,
)

_ADD = "INSERT INTO product_search (rowid, tokens) VALUES (new.search_id, new.tokens);"
_REMOVE = (
    "INSERT INTO product_search (product_search, rowid, tokens)"
    " VALUES ('delete', old.search_id, old.tokens);"
)
_TRIGGERS = {"INSERT": _ADD, "DELETE": _REMOVE, "UPDATE": f"{_REMOVE} {_ADD}"}


def create_search() -> None:
    """Create the table of tokens, and the index of each engine."""
    op.create_table(
        "product_texts",
        sa.Column("search_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("product_handle", CODE, nullable=False),
        sa.Column("tokens", sa.Text().with_variant(SearchVector(), "postgresql"), nullable=False),
        primary_key("product_texts", "search_id"),
        reference("product_texts", "product_handle", "products.sku"),
        sa.UniqueConstraint("product_handle", name="uq_product_texts_product_handle"),
        if_not_exists=True,
    )
    if op.get_bind().dialect.name == "postgresql":
        # A pending list would be read by every search.
        op.create_index(
            "ix_product_texts_tokens",
            "product_texts",
            ["tokens"],
            if_not_exists=True,
            postgresql_using="gin",
            postgresql_with={"fastupdate": "off"},
        )
    else:
        _create_sqlite_index()


def _create_sqlite_index() -> None:
    """Create the virtual table, and triggers that keep it like the table of tokens."""
    # Each token is complete as it is: `ascii` parts them at spaces, and folds nothing else.
    op.execute(
        "CREATE VIRTUAL TABLE IF NOT EXISTS product_search USING fts5(tokens,"
        " content='product_texts', content_rowid='search_id', detail=none, columnsize=0,"
        " tokenize='ascii', prefix='1 2 3')"
    )
    for event, statements in _TRIGGERS.items():
        op.execute(
            f"CREATE TRIGGER IF NOT EXISTS product_texts_{event.lower()}"
            f" AFTER {event} ON product_texts BEGIN {statements} END"
        )
