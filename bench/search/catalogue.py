"""Fills a shop with a catalogue whose words are as frequent as those of a language."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any

from sqlalchemy import Table

from bench.workloads import sku
from shop.adapters.sql.database import SqlDatabase
from shop.adapters.sql.schema.tables import (
    categories,
    inventories,
    product_categories,
    product_texts,
    products,
    variants,
)
from shop.adapters.sql.statements.connection import SqlConnection
from shop.adapters.sql.statements.writes import insert_rows
from shop.domain.catalogue.search_terms import SaleState, SearchedProduct, search_tokens

VOCABULARY = 20_000
NAME_WORDS, DESCRIPTION_WORDS = 4, 26
CATEGORIES = 200
"""A tenth of them are at the top; each product is in one at the bottom."""

OUT_OF_STOCK = 5
"""One of so many products is out of stock."""

ORDERED = 4
"""The first products are ordered while others are searched, so they are in stock."""

BATCH = 2000
_START = datetime(2026, 1, 1, tzinfo=UTC)
_SYLLABLES = [consonant + vowel for consonant in "bdfgklmnprstvz" for vowel in "aeiou"]


@dataclass(frozen=True, slots=True)
class Words:
    """Words by how frequent they are; the word of rank r is r times rarer than the first."""

    words: Sequence[str]
    weights: Sequence[float]

    @classmethod
    def made(cls) -> "Words":
        """Return the same words each time."""
        source = random.Random(1)
        words: dict[str, None] = {}
        while len(words) < VOCABULARY:
            words["".join(source.choices(_SYLLABLES, k=source.randint(2, 4)))] = None
        weights = list(accumulate(1 / rank for rank in range(1, VOCABULARY + 1)))
        return cls(words=list(words), weights=weights)

    def some(self, source: random.Random, number: int) -> str:
        """Return words, the frequent ones more often."""
        return " ".join(source.choices(self.words, cum_weights=self.weights, k=number))


async def fill(database: SqlDatabase, number_of_products: int) -> None:
    """Add categories and products to an empty shop."""
    await _write(database, {categories: list(_categories())})
    words, source = Words.made(), random.Random(2)
    for first in range(1, number_of_products + 1, BATCH):
        rows: dict[Table, list[Mapping[str, Any]]] = {}
        for number in range(first, min(first + BATCH, number_of_products + 1)):
            for table, row in _product(number, words, source):
                rows.setdefault(table, []).append(row)
        await _write(database, rows)


async def _write(database: SqlDatabase, rows: Mapping[Table, list[Mapping[str, Any]]]) -> None:
    async with database.writer.connect() as connection:
        statements = SqlConnection(connection, database.row_parameters, writing=True)
        for table, table_rows in rows.items():
            # One after the other: they refer to those before.
            await statements.write(list(insert_rows(table, table_rows)))
        await statements.commit([])


def category_at_top() -> str:
    """Return a category that a tenth of the products is below."""
    return "c0"


def _categories() -> Iterator[Mapping[str, Any]]:
    for number in range(CATEGORIES):
        parent = None if number < CATEGORIES // 20 else f"c{number % (CATEGORIES // 20)}"
        yield {
            "slug": f"c{number}",
            "name": f"Category {number}",
            "parent": parent,
            "position": number,
            "created_at": _START,
            "updated_at": _START,
        }


def _product(
    number: int, words: Words, source: random.Random
) -> Iterator[tuple[Table, Mapping[str, Any]]]:
    handle, at = sku(number), _START + timedelta(seconds=number)
    name, description = words.some(source, NAME_WORDS), words.some(source, DESCRIPTION_WORDS)
    price, times = source.randint(100, 20_000), {"created_at": at, "updated_at": at}
    top = number % (CATEGORIES // 20)
    bottom = f"c{top + CATEGORIES // 20 * source.randint(1, 19)}"
    searched = SearchedProduct(
        name=name,
        skus=(handle,),
        description=description,
        state=SaleState.ON_SALE,
        categories=(bottom,),
    )
    yield (
        products,
        {
            "sku": handle,
            "name": name,
            "description": description,
            "price": price,
            "currency": "EUR",
            "active": True,
            "search_text": f"{handle}\n{name}".casefold(),
            "min_price": price,
            "search_id": number,
            **times,
        },
    )
    yield (
        variants,
        {
            "sku": handle,
            "product_handle": handle,
            "position": 0,
            "price": price,
            "currency": "EUR",
            "product_name": name,
            "for_sale": True,
            **times,
        },
    )
    is_out_of_stock = number > ORDERED and source.randrange(OUT_OF_STOCK) == 0
    on_hand = 0 if is_out_of_stock else 10**6
    yield inventories, {"sku": handle, "on_hand": on_hand, "reserved": 0}
    yield product_categories, {"product_handle": handle, "category_slug": bottom}
    tokens = " ".join(search_tokens(searched))
    yield product_texts, {"search_id": number, "product_handle": handle, "tokens": tokens}
