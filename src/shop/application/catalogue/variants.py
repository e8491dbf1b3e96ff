"""Shows variants, with the lowest earlier price of those that are reduced."""

from functools import partial

from shop.application.ports.clock import Clock
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.runner import TransactionRunner
from shop.domain.catalogue.price_history import lowest_before
from shop.domain.catalogue.product import Product, ProductNotFound
from shop.domain.catalogue.variant import Variant
from shop.domain.shared.money import Money
from shop.domain.shared.value import value


@value
class ShownVariant:
    """A variant with its product; `lowest_price` is that of 30 days, if it is reduced."""

    product: Product
    variant: Variant
    available: int
    lowest_price: Money | None


class VariantService:
    """Shows variants."""

    def __init__(self, transactions: TransactionRunner, clock: Clock) -> None:
        self._transactions = transactions
        self._clock = clock

    async def show(self, sku: str) -> ShownVariant:
        """Return a variant, its product on sale or not; raise `ProductNotFound`.

        An inactive variant is shown; an archived one is not.
        """
        return await self._transactions.read(partial(self._show, sku))

    async def _show(self, sku: str, uow: UnitOfWork) -> ShownVariant:
        sold = (await uow.variants.get_many([sku])).get(sku)
        found = await uow.products.available([sold.product]) if sold else {}
        for product in found.values():
            for variant in product.product.variants:
                if variant.sku == sku:
                    return ShownVariant(
                        product=product.product,
                        variant=variant,
                        available=product.stock[sku],
                        lowest_price=await self._lowest_price(uow, variant),
                    )
        raise ProductNotFound(sku=sku)

    async def _lowest_price(self, uow: UnitOfWork, variant: Variant) -> Money | None:
        if variant.compare_at_price is None:
            return None
        changes = await uow.price_changes.of_variant(variant.sku)
        return lowest_before(changes, self._clock.now())
