"""Images of products in memory."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from shop.adapters.memory.engine.database import State
from shop.adapters.memory.engine.table import require_constraint
from shop.adapters.memory.engine.transaction import MemoryTransaction
from shop.application.ports.repositories.product_images import ProductImages
from shop.domain.catalogue.product_image import ProductImage


class MemoryProductImages(ProductImages):
    """All images, in memory."""

    def __init__(self, transaction: MemoryTransaction) -> None:
        self._transaction = transaction
        self._added: list[ProductImage] = []
        self._saved: list[ProductImage] = []
        self._removed: list[UUID] = []

    async def of_products(self, products: Collection[str]) -> Mapping[str, Sequence[ProductImage]]:
        """Return the images of products that have some, by position."""
        found: dict[str, list[ProductImage]] = {}
        for each in sorted(self._stored, key=lambda image: (image.position, image.id)):
            if each.product in products:
                found.setdefault(each.product, []).append(each)
        return found

    async def get_many(self, ids: Collection[UUID]) -> Mapping[UUID, ProductImage]:
        """Return images by id."""
        return self._transaction.state.product_images.get_many(ids)

    async def stored_keys(self, keys: Collection[str]) -> Collection[str]:
        """Return those of the keys that belong to an image."""
        return {each.key for each in self._stored} & set(keys)

    @property
    def _stored(self) -> Collection[ProductImage]:
        return self._transaction.state.product_images.rows.values()

    def add(self, image: ProductImage) -> None:
        """Stage a new image."""
        self._transaction.require_writing()
        self._added.append(image)

    def save(self, image: ProductImage) -> None:
        """Stage the next state of an image."""
        self._transaction.require_writing()
        self._saved.append(image)

    def remove(self, image: ProductImage) -> None:
        """Stage the removal of an image."""
        self._transaction.require_writing()
        self._removed.append(image.id)

    def apply(self, state: State) -> State:
        """Return the state with the staged changes."""
        for each in self._added:
            require_constraint(
                each.product in state.products.rows, "fk_product_images_product_handle_products"
            )
        changed = state.product_images.with_changes(
            added=self._added, saved=self._saved, removed=self._removed
        )
        return replace(state, product_images=changed)
