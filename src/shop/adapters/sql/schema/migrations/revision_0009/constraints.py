"""The type of keys, and constraints with their names by convention."""

import sqlalchemy as sa

CODE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def primary_key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    """Return the key of a table."""
    return sa.PrimaryKeyConstraint(*columns, name=f"pk_{table}")


def reference(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    """Return the foreign key of a column to "table.column"."""
    name = f"fk_{table}_{column}_{target.partition('.')[0]}"
    return sa.ForeignKeyConstraint([column], [target], name=name)
