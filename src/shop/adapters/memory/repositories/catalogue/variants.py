"""Variants in memory, with what they carry of their products."""

from collections.abc import Collection, Mapping

from shop.adapters.memory.engine.transaction import MemoryTransaction
from shop.application.ports.repositories.catalogue.variants import Variants
from shop.domain.catalogue.variant import SoldVariant


class MemoryVariants(Variants):
    """All variants, in memory; products write them."""

    def __init__(self, transaction: MemoryTransaction) -> None:
        self._transaction = transaction

    async def get_many(self, skus: Collection[str]) -> Mapping[str, SoldVariant]:
        """Return variants by SKU."""
        return self._transaction.state.variants.get_many(skus)
