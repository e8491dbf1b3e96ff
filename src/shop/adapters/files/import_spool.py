"""The rows of an import in a SQLite file of their own."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson

from shop.application.ports.imports.import_spool import (
    MAX_PRODUCT_ROWS,
    ImportSpool,
    SpooledProduct,
    SpooledRow,
    SpoolState,
)
from shop.application.ports.imports.product_file_reader import (
    FileDescription,
    FileRow,
)
from shop.domain.catalogue.category import Category
from shop.domain.catalogue.product_import import ImportMessage

_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS state (one INTEGER PRIMARY KEY, document TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS rows (
  line INTEGER PRIMARY KEY, key TEXT NOT NULL, handle TEXT, other_handle TEXT, sku TEXT,
  valid INTEGER NOT NULL, document TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS aliases (alias TEXT PRIMARY KEY, key TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS products (
  number INTEGER PRIMARY KEY, key TEXT NOT NULL, handle TEXT, other_handle TEXT,
  row_count INTEGER NOT NULL, rows_until INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS made_skus (sku TEXT PRIMARY KEY, line INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS categories (slug TEXT NOT NULL, name TEXT NOT NULL, parent TEXT);
CREATE TABLE IF NOT EXISTS messages (
  is_fault INTEGER NOT NULL, line INTEGER NOT NULL, column_name TEXT NOT NULL, detail TEXT NOT NULL
);
"""
_GATHER = """
UPDATE rows SET key = (SELECT key FROM aliases WHERE alias = rows.key)
WHERE key IN (SELECT alias FROM aliases);
INSERT INTO products (key, handle, other_handle, row_count, rows_until)
SELECT key, max(handle), max(other_handle), count(*),
  sum(count(*)) OVER (ORDER BY min(line) ROWS UNBOUNDED PRECEDING)
FROM rows WHERE key <> '' GROUP BY key ORDER BY min(line);
CREATE INDEX products_by_rows ON products (rows_until);
CREATE INDEX rows_by_key ON rows (key, line);
CREATE INDEX rows_by_sku ON rows (sku, line) WHERE sku IS NOT NULL;
INSERT INTO messages
SELECT 1, min(line), :handle_column,
  'has ' || row_count || ' rows; a product can have at most ' || :max_rows
FROM products JOIN rows USING (key) WHERE row_count > :max_rows GROUP BY key;
DELETE FROM products WHERE row_count > :max_rows;
CREATE TEMPORARY TABLE renamed AS SELECT number FROM (
  SELECT number, other_handle, row_number() OVER (
    PARTITION BY handle ORDER BY key <> handle, number
  ) AS place
  FROM products WHERE handle IS NOT NULL
) WHERE place > 1 AND other_handle IS NOT NULL;
INSERT INTO messages
SELECT 0, min(line), :other_handle_column,
  'makes the handle ' || products.handle || ', which another product of the file has, so that it'
  || ' became ' || products.other_handle
FROM products JOIN rows USING (key) WHERE number IN (SELECT number FROM renamed) GROUP BY key;
UPDATE products SET handle = other_handle WHERE number IN (SELECT number FROM renamed);
DROP TABLE renamed;
"""
_REPEATED_SKUS = """
INSERT INTO messages
SELECT 1, rows.line, ?, 'duplicate SKU ' || sku || ', first used on line ' || first
FROM rows JOIN (
  SELECT sku, min(line) AS first FROM rows WHERE sku IS NOT NULL GROUP BY sku HAVING count(*) > 1
) USING (sku)
WHERE line > first
"""
_INVALIDATE = """
UPDATE rows SET valid = 0 WHERE line IN (SELECT line FROM messages WHERE is_fault)
"""
_PRODUCTS = """
SELECT number, handle, row_count, rows_until FROM products WHERE {} > ? ORDER BY number LIMIT ?
"""
_ROWS = """
SELECT number, line, document, valid FROM products JOIN rows USING (key)
WHERE number BETWEEN ? AND ? ORDER BY number, line
"""
_MESSAGES = """
SELECT line, column_name, detail FROM messages WHERE is_fault = ? ORDER BY line, rowid LIMIT ?
"""
_ROWS_FILE = "rows.db"


class SqliteImportSpool(ImportSpool):
    """The file of an import and its rows, in a folder."""

    def __init__(self, folder: Path, file: Path) -> None:
        self._folder = folder
        self._file = file
        # One thread at a time works on an import, but not always the same.
        self._rows = sqlite3.connect(folder / _ROWS_FILE, check_same_thread=False)
        self._rows.executescript(_SCHEMA)

    @property
    def file(self) -> Path:
        """The file that is imported."""
        return self._file

    @property
    def folder(self) -> Path:
        """The folder of what is made of the file, which ends with the spool."""
        return self._folder

    def state(self) -> SpoolState:
        """Return how far the check has come."""
        found = self._rows.execute("SELECT document FROM state").fetchone()
        if found is None:
            return SpoolState()
        document = orjson.loads(found[0])
        description = document.pop("description")
        return SpoolState(
            description=None if description is None else FileDescription(**description),
            **document,
        )

    def add_rows(self, rows: Sequence[FileRow], state: SpoolState) -> None:
        """Store rows with their faults and remarks, and the new state."""
        with self._rows:
            self._rows.executemany(
                "INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?, ?)", map(_row_fields, rows)
            )
            self._rows.executemany(
                "INSERT OR IGNORE INTO aliases VALUES (?, ?)",
                [(alias, each.group) for each in rows for alias in each.aliases],
            )
            for is_fault, messages in (
                (True, [message for each in rows for message in each.faults]),
                (False, [message for each in rows for message in each.remarks]),
            ):
                self._add_messages(messages, is_fault=is_fault)
            self._store(state)

    def gather_products(self, state: SpoolState) -> None:
        """Gather the rows into products, and find SKUs that several rows have."""
        if state.description is None:
            raise ValueError("the file must be described before its rows are gathered")
        column_of = state.description.column_of
        names = {
            "handle_column": column_of("handle"),
            "other_handle_column": column_of("other_handle"),
            "max_rows": MAX_PRODUCT_ROWS,
        }
        with self._rows:
            # Not `executescript`, which would commit before it begins.
            for statement in _GATHER.split(";\n"):
                self._rows.execute(statement, names)
            self._rows.execute(_REPEATED_SKUS, (column_of("sku"),))
            self._rows.execute(_INVALIDATE)
            self._store(state)

    def products(self, after: int, *, max_products: int, max_rows: int) -> Sequence[SpooledProduct]:
        """Return the next products after a number."""
        return self._products("number", after, max_products, max_rows)

    def products_after_rows(
        self, rows: int, *, max_products: int, max_rows: int
    ) -> Sequence[SpooledProduct]:
        """Return the next products after a number of rows."""
        return self._products("rows_until", rows, max_products, max_rows)

    def _products(
        self, by: str, after: int, max_products: int, max_rows: int
    ) -> Sequence[SpooledProduct]:
        found = self._rows.execute(_PRODUCTS.format(by), (after, max_products)).fetchall()
        row_count = 0
        chosen = []
        for product in found:
            chosen.append(product)
            row_count += product[2]
            if row_count >= max_rows:
                break
        if not chosen:
            return ()
        rows: dict[int, list[SpooledRow]] = {}
        asked = (chosen[0][0], chosen[-1][0])
        for number, line, document, is_valid in self._rows.execute(_ROWS, asked):
            product, variant = orjson.loads(document)
            row = SpooledRow(line=line, product=product, variant=variant, is_valid=bool(is_valid))
            rows.setdefault(number, []).append(row)
        return [
            SpooledProduct(number=number, handle=handle, rows=rows[number], rows_until=rows_until)
            for number, handle, _, rows_until in chosen
        ]

    def claim_skus(self, lines: Mapping[str, int]) -> Mapping[str, int]:
        """Store the lines of SKUs that were made; return the lines of those that exist already."""
        names = orjson.dumps(list(lines)).decode()
        taken = dict[str, int](
            self._rows.execute(
                "SELECT sku, line FROM made_skus WHERE sku IN (SELECT value FROM json_each(?1))"
                " UNION ALL SELECT sku, min(line) FROM rows"
                " WHERE sku IN (SELECT value FROM json_each(?1)) GROUP BY sku",
                (names,),
            ).fetchall()
        )
        self._rows.executemany(
            "INSERT INTO made_skus VALUES (?, ?)",
            [(sku, line) for sku, line in lines.items() if sku not in taken],
        )
        return taken

    def record_check(
        self,
        faults: Sequence[ImportMessage],
        remarks: Sequence[ImportMessage],
        state: SpoolState,
        categories: Sequence[Category] = (),
    ) -> None:
        """Store what the check of products has found, what they would add, and the new state."""
        with self._rows:
            self._rows.executemany(
                "INSERT INTO categories VALUES (?, ?, ?)",
                [(each.slug, each.name, each.parent) for each in categories],
            )
            self._add_messages(faults, is_fault=True)
            self._add_messages(remarks, is_fault=False)
            self._rows.executemany(
                "UPDATE rows SET valid = 0 WHERE line = ?", [(each.line,) for each in faults]
            )
            self._store(state)

    def categories(self) -> Sequence[Category]:
        """Return the categories that the checked products would add, parents first."""
        found = self._rows.execute("SELECT slug, name, parent FROM categories ORDER BY rowid")
        return [
            Category(slug=slug, name=name, parent=parent, position=0)
            for slug, name, parent in found
        ]

    def faults(self, limit: int) -> Sequence[ImportMessage]:
        """Return the first faults, by line."""
        return self._messages(limit, is_fault=True)

    def remarks(self, limit: int) -> Sequence[ImportMessage]:
        """Return the first remarks, by line."""
        return self._messages(limit, is_fault=False)

    def fault_count(self) -> int:
        """Return how many faults there are."""
        found: tuple[int] = self._rows.execute(
            "SELECT count(*) FROM messages WHERE is_fault"
        ).fetchone()
        return found[0]

    def invalid_rows(self) -> int:
        """Return how many rows have faults."""
        found: tuple[int] = self._rows.execute(
            "SELECT count(DISTINCT line) FROM messages WHERE is_fault"
        ).fetchone()
        return found[0]

    def close(self) -> None:
        """Close the file of the rows."""
        self._rows.close()

    def _messages(self, limit: int, *, is_fault: bool) -> Sequence[ImportMessage]:
        found = self._rows.execute(_MESSAGES, (is_fault, limit))
        return [
            ImportMessage(line=line, column=column, detail=detail) for line, column, detail in found
        ]

    def _add_messages(self, messages: Iterable[ImportMessage], *, is_fault: bool) -> None:
        self._rows.executemany(
            "INSERT INTO messages VALUES (?, ?, ?, ?)",
            [(is_fault, each.line, each.column, each.detail) for each in messages],
        )

    def _store(self, state: SpoolState) -> None:
        document = orjson.dumps(asdict(state)).decode()
        self._rows.execute("INSERT OR REPLACE INTO state VALUES (1, ?)", (document,))


def _row_fields(row: FileRow) -> tuple[Any, ...]:
    product, variant = row.product, row.variant
    sku = variant and variant.get("sku")
    if row.faults:
        # Its cells may have what is no text; only its SKU is compared with that of other rows.
        group = row.group.encode(errors="replace").decode()
        return (row.line, group, None, None, sku, False, "[{},null]")
    document = orjson.dumps([product, variant]).decode()
    handles = (product.get("handle"), product.get("other_handle"))
    return (row.line, row.group, *handles, sku, True, document)
