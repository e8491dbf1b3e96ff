"""Adds products without a session, in the way of an import: for demonstrations."""

from collections.abc import Sequence
from functools import partial

from shop.application.catalogue.imports.plan import ImportPlan, UnitResult
from shop.application.catalogue.imports.rows import ImportedProduct, VariantRow
from shop.application.ports.imports.product_file_reader import FileDescription
from shop.application.ports.paging import PageRequest
from shop.application.ports.repositories.products import ProductListing
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.runner import TransactionRunner
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.money import Currency

_NO_FILE = FileDescription(format="shop", encoding=None, columns={})


def new_product(
    sku: str, *, name: str, price: int, stock: int, description: str = ""
) -> ImportedProduct:
    """Return a product with one variant, whose SKU is its handle; the price is in minor units."""
    variant = VariantRow(
        line=1, sku=sku, is_made=False, options=None, stock=stock, fields={"price": price}
    )
    return ImportedProduct(
        line=1,
        handle=sku,
        is_handle_made=False,
        fields={"name": name, "description": description},
        option_names=None,
        variants=[variant],
        rows_until=1,
    )


class ProductSeed:
    """Adds products, and sets their stock, in batches."""

    def __init__(self, transactions: TransactionRunner, plan: ImportPlan) -> None:
        self._transactions = transactions
        self._plan = plan

    @property
    def currency(self) -> Currency:
        """The shop's currency."""
        return self._plan.currency

    async def has_products(self) -> bool:
        """Check whether there is an active product."""
        first = ProductListing(page=PageRequest(limit=1, after=None))

        async def has_products(uow: UnitOfWork) -> bool:
            return bool((await uow.products.pages([first]))[first].items)

        return await self._transactions.read(has_products)

    async def put(self, batch: Sequence[ImportedProduct]) -> UnitResult:
        """Add or change products, all or none.

        Raise `InvalidValue` for the first fault, as when another product has a SKU.
        """
        if len({each.handle for each in batch}) < len(batch):
            raise InvalidValue(field="handle", rule="must be unique in a batch")
        return await self._transactions.write(partial(self._put, batch), retryable=True)

    async def add_missing(self, batch: Sequence[ImportedProduct]) -> UnitResult:
        """Add the missing products, and leave the others unchanged; raise like `put`."""
        return await self._transactions.write(partial(self._add_missing, batch), retryable=True)

    async def _add_missing(self, batch: Sequence[ImportedProduct], uow: UnitOfWork) -> UnitResult:
        existing = await uow.products.get_many([each.handle for each in batch])
        missing = [each for each in batch if each.handle not in existing]
        result = await self._put(missing, uow) if missing else UnitResult()
        return result + UnitResult(unchanged=len(batch) - len(missing))

    async def _put(self, batch: Sequence[ImportedProduct], uow: UnitOfWork) -> UnitResult:
        result = await self._plan.apply(uow, batch, _NO_FILE)
        for fault in result.messages:
            raise InvalidValue(field=fault.column, rule=fault.detail)
        if result.added or result.changed:
            await uow.commit()
        return result
