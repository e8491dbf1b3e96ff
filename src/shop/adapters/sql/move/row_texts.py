"""The rows of a table as texts: as lines that PostgreSQL copies, and as what is compared.

What is compared is the same text on both engines if the values are the same: the length of each
value and the value, one after the other. Ids are 32 digits, times are in UTC with microseconds,
truth values 0 or 1, and tokens of a search are sorted.
"""

from sqlalchemy import BigInteger, Boolean, Column, Integer, Table, Uuid

from shop.adapters.sql.schema.column_types import UtcDateTime
from shop.adapters.sql.schema.tables import product_texts

SORT_TOKENS = "sort_tokens"
"""The function of SQLite connections that sorts the tokens in a text, each once."""

HASH_DIGITS = 15
"""So many hexadecimal digits of an MD5 sum fit into a positive `bigint`, which SQL can add up."""


def copied_line(table: Table) -> str:
    """Return the expression of SQLite for a row as a line of CSV."""
    return "||','||".join(_csv(column) for column in table.columns)


def sqlite_text(table: Table) -> str:
    """Return the expression of SQLite for what is compared of a row."""
    return "||".join(_measured(_sqlite_value(column), column) for column in table.columns)


def postgresql_text(table: Table) -> str:
    """Return the expression of PostgreSQL for what is compared of a row."""
    return "||".join(_measured(_postgresql_value(column), column) for column in table.columns)


def quoted(column: Column[object]) -> str:
    """Return the name of a column, which may be a word of SQL."""
    return f'"{column.name}"'


def _csv(column: Column[object]) -> str:
    name = f"t.{quoted(column)}"
    if isinstance(column.type, Boolean | Integer | BigInteger):
        return f"coalesce({name},'')"
    # A time without a zone is in UTC, and so is the session that copies it.
    return f"""coalesce('"'||replace({name},'"','""')||'"','')"""


def _measured(value: str, column: Column[object]) -> str:
    name = f"t.{quoted(column)}"
    return f"CASE WHEN {name} IS NULL THEN '-' ELSE length({value})||':'||{value} END"


def _sqlite_value(column: Column[object]) -> str:
    name = f"t.{quoted(column)}"
    if column is product_texts.c.tokens:
        return f"{SORT_TOKENS}({name})"
    return f"CAST({name} AS TEXT)"


def _postgresql_value(column: Column[object]) -> str:
    name = f"t.{quoted(column)}"
    if column is product_texts.c.tokens:
        return (
            "coalesce((SELECT string_agg(token, ' ' ORDER BY token COLLATE \"C\")"  # noqa: S608  Own names.
            f" FROM unnest(tsvector_to_array({name})) AS token), '')"
        )
    match column.type:
        case Uuid():
            return f"replace(CAST({name} AS text), '-', '')"
        case UtcDateTime():
            return f"to_char({name} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')"
        case Boolean():
            return f"CAST(CAST({name} AS int) AS text)"
        case _:
            return f"CAST({name} AS text)"
