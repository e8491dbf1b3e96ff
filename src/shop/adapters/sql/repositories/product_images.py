"""Images of products in a relational database."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from shop.adapters.sql.schema.tables import product_images
from shop.adapters.sql.statements.connection import SqlConnection
from shop.adapters.sql.statements.writes import (
    Fields,
    PendingWrite,
    delete_rows,
    insert_rows,
    update_rows,
)
from shop.application.ports.repositories.product_images import ProductImages
from shop.domain.catalogue.product_image import ProductImage

IMAGES = select(product_images).order_by(
    product_images.c.product_handle, product_images.c.position, product_images.c.id
)


class SqlProductImages(ProductImages):
    """The table of images."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection
        self._added: list[Fields] = []
        self._saved: list[Fields] = []
        self._removed: list[Fields] = []

    async def of_products(self, products: Collection[str]) -> Mapping[str, Sequence[ProductImage]]:
        """Return the images of products that have some, by position."""
        rows = await self._connection.fetch_where_in(
            IMAGES, product_images.c.product_handle, products
        )
        found: dict[str, list[ProductImage]] = {}
        for row in rows:
            found.setdefault(row.product_handle, []).append(_image(row))
        return found

    async def get_many(self, ids: Collection[UUID]) -> Mapping[UUID, ProductImage]:
        """Return images by id."""
        rows = await self._connection.fetch_where_in(IMAGES, product_images.c.id, ids)
        return {row.id: _image(row) for row in rows}

    async def stored_keys(self, keys: Collection[str]) -> Collection[str]:
        """Return those of the keys that belong to an image."""
        rows = await self._connection.fetch_where_in(IMAGES, product_images.c.key, keys)
        return {row.key for row in rows}

    def add(self, image: ProductImage) -> None:
        """Stage a new image."""
        self._connection.require_staging()
        self._added.append(_fields(image))

    def save(self, image: ProductImage) -> None:
        """Stage the next state of an image."""
        self._connection.require_staging()
        self._saved.append(_fields(image))

    def remove(self, image: ProductImage) -> None:
        """Stage the removal of an image."""
        self._connection.require_staging()
        self._removed.append({"id": image.id})

    def pending_writes(self) -> Iterator[PendingWrite]:
        """Yield the staged writes."""
        yield from insert_rows(product_images, self._added)
        yield from update_rows(product_images, ["id"], self._saved)
        yield from delete_rows(product_images, self._removed)


def _image(row: Row[Any]) -> ProductImage:
    return ProductImage(
        id=row.id,
        product=row.product_handle,
        position=row.position,
        alt=row.alt,
        key=row.key,
        width=row.width,
        height=row.height,
        sizes=tuple(row.sizes),
        created_at=row.created_at,
    )


def _fields(image: ProductImage) -> Fields:
    return {
        "id": image.id,
        "product_handle": image.product,
        "position": image.position,
        "alt": image.alt,
        "key": image.key,
        "width": image.width,
        "height": image.height,
        "sizes": list(image.sizes),
        "created_at": image.created_at,
    }
