"""What a product has several of, as one column: so that a page of products is one statement."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, FromClause, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from shop.adapters.sql.schema.column_types import JsonText, UtcDateTime
from shop.adapters.sql.schema.tables import ended_categories, product_categories, product_images
from shop.domain.catalogue.product_image import ProductImage


class JsonLists(FunctionElement[Any]):
    """The rows of a query as a JSON array of arrays; null or an empty one without rows."""

    name = "json_lists"
    inherit_cache = True
    type = JsonText()


@compiles(JsonLists, "sqlite")
def _on_sqlite(element: JsonLists, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    return f"json_group_array(json_array({compiler.process(element.clauses, **options)}))"


@compiles(JsonLists, "postgresql")
def _on_postgresql(element: JsonLists, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    columns = compiler.process(element.clauses, **options)
    return f"CAST(json_agg(json_build_array({columns})) AS TEXT)"


_IMAGE = (
    product_images.c.position,
    product_images.c.id,
    product_images.c.alt,
    product_images.c.key,
    product_images.c.width,
    product_images.c.height,
    product_images.c.sizes,
    product_images.c.created_at,
)


IS_IN_TREE = product_categories.c.category_slug.not_in(select(ended_categories.c.slug))
"""Whether the category of a product has not ended."""


def categories_of(shown: FromClause) -> ColumnElement[Any]:
    """Select the categories that a product is directly in."""
    return (
        select(JsonLists(product_categories.c.category_slug))
        .where(product_categories.c.product_handle == shown.c.sku, IS_IN_TREE)
        .correlate(shown)
        .scalar_subquery()
    )


def images_of(shown: FromClause) -> ColumnElement[Any]:
    """Select the images of a product."""
    return (
        select(JsonLists(*_IMAGE))
        .where(product_images.c.product_handle == shown.c.sku)
        .correlate(shown)
        .scalar_subquery()
    )


def read_categories(lists: Sequence[Sequence[Any]]) -> tuple[str, ...]:
    """Return the selected categories, sorted."""
    return tuple(sorted(slug for (slug,) in lists))


def read_images(product: str, lists: Sequence[Sequence[Any]]) -> tuple[ProductImage, ...]:
    """Return the selected images by position."""
    return tuple(
        ProductImage(
            id=UUID(image_id),
            product=product,
            position=position,
            alt=alt,
            key=key,
            width=width,
            height=height,
            sizes=tuple(orjson.loads(sizes)),
            created_at=UtcDateTime.parse(created_at),
        )
        for position, image_id, alt, key, width, height, sizes, created_at in sorted(
            map(tuple, lists)
        )
    )
