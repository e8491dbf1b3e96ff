"""Inventories without their foreign key to products: variants have stock, products have none."""

import sqlalchemy as sa
from alembic import op

_FOREIGN_KEY = "fk_inventories_sku_products"
_SQLITE_TABLE = """CREATE TABLE inventories (
	sku TEXT NOT NULL,
	on_hand BIGINT NOT NULL,
	reserved BIGINT NOT NULL,
	CONSTRAINT ck_inventories_reserved_on_hand CHECK (0 <= reserved AND reserved <= on_hand),
	CONSTRAINT pk_inventories PRIMARY KEY (sku)
)"""
_REPLACE = sa.text("UPDATE sqlite_schema SET sql = :sql WHERE type = 'table' AND name = :name")


def drop_foreign_key() -> None:
    """Drop it, unless that is done."""
    connection = op.get_bind()
    if not sa.inspect(connection).get_foreign_keys("inventories"):
        return
    if connection.dialect.name == "postgresql":
        op.drop_constraint(_FOREIGN_KEY, "inventories", type_="foreignkey")
    else:
        _replace_definition(connection)


def _replace_definition(connection: sa.Connection) -> None:
    """Replace the definition, as SQLite's manual says in "ALTER TABLE", section 7.

    The table cannot be copied, because stock movements refer to it. What its rows look like stays
    the same. A new number of the schema makes other connections read the definition.
    """
    number = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    try:
        connection.execute(_REPLACE, {"sql": _SQLITE_TABLE, "name": "inventories"})
        connection.exec_driver_sql(f"PRAGMA schema_version = {number + 1}")
    finally:
        connection.exec_driver_sql("PRAGMA writable_schema = OFF")
    faults = connection.exec_driver_sql("PRAGMA integrity_check(inventories)").scalars().all()
    if faults != ["ok"]:
        raise RuntimeError(f"the table of inventories is damaged: {faults[0]}")
