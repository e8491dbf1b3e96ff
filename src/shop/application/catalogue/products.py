"""Shows, searches and saves products."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from shop.application.catalogue.price_history import stage_price_changes
from shop.application.catalogue.product_changes import ArchiveProduct, PutProduct
from shop.application.catalogue.search_rows import stage_search_rows
from shop.application.identity.authentication import SessionAuthenticator
from shop.application.ports.clock import Clock
from shop.application.ports.paging import Page
from shop.application.ports.repositories.products import AvailableProduct, ProductSearch
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.group_commit import CommandQueues
from shop.application.transactions.runner import TransactionRunner
from shop.domain.catalogue.product import Product, ProductNotFound, SeveralVariants, SkuTaken
from shop.domain.inventory import Inventory
from shop.domain.shared.errors import ShopError
from shop.domain.shared.money import Currency
from shop.domain.shared.value import value

MAX_CONCURRENT_QUERIES = 4
"""Groups of questions at once, so that a stuck one does not stop all."""


@value
class ProductSaved:
    """The product was added or replaced."""

    available_product: AvailableProduct
    is_new: bool


ProductPage = Page[AvailableProduct, str]


class ProductService:
    """Shows, searches and saves products.

    Identical questions share one answer, which is the same object for all who asked. It is read
    after they have asked, so each of them finds what they have written.
    """

    def __init__(
        self,
        transactions: TransactionRunner,
        authenticator: SessionAuthenticator,
        clock: Clock,
        currency: Currency,
        queues: CommandQueues,
    ) -> None:
        self._transactions = transactions
        self._authenticator = authenticator
        self._clock = clock
        self._currency = currency
        self._search_queue = queues.queue_for(
            self._search_all, max_concurrent_groups=MAX_CONCURRENT_QUERIES
        )
        self._show_queue = queues.queue_for(
            self._show_all, max_concurrent_groups=MAX_CONCURRENT_QUERIES
        )

    async def search(self, question: ProductSearch) -> ProductPage:
        """Return a page of products by handle, with their availability."""
        return await self._search_queue.submit(question)

    async def _search_all(self, questions: Sequence[ProductSearch]) -> Sequence[ProductPage]:
        async def search_all(uow: UnitOfWork) -> Mapping[ProductSearch, ProductPage]:
            uow.ask_once()
            return await uow.products.search(set(questions))

        answers = await self._transactions.read(search_all)
        return [answers[each] for each in questions]

    async def show(self, handle: str) -> AvailableProduct:
        """Return a product, on sale or not; raise `ProductNotFound` if it does not exist."""
        return await self._show_queue.submit(handle)

    async def only_sku(self, handle: str) -> str:
        """Return the SKU of a product with one variant.

        Raise `ProductNotFound`, or `SeveralVariants` if it has several.
        """
        variant = (await self.show(handle)).product.only_variant
        if variant is None:
            raise SeveralVariants(handle=handle)
        return variant.sku

    async def _show_all(self, handles: Sequence[str]) -> Sequence[AvailableProduct | ShopError]:
        async def show_all(uow: UnitOfWork) -> Mapping[str, AvailableProduct]:
            uow.ask_once()
            return await uow.products.available(set(handles))

        found = await self._transactions.read(show_all)
        return [found.get(handle) or ProductNotFound(sku=handle) for handle in handles]

    async def put(self, command: PutProduct) -> ProductSaved:
        """Add a product, with variants without stock, or replace one.

        Variants that it had and has no more are archived. Raise `NotSignedIn`, `SessionExpired`,
        `Forbidden`, `InvalidValue`, `PreconditionFailed` or `SkuTaken`.
        """
        command.require_valid(self._currency)
        # A retry after an unknown outcome could fail on the product that it has saved itself.
        retryable = command.precondition.is_empty
        return await self._transactions.write(partial(self._put, command), retryable=retryable)

    async def _put(self, command: PutProduct, uow: UnitOfWork) -> ProductSaved:
        await self._authenticator.require_admin(uow, command.session)
        existing = (await uow.products.lock([command.handle])).get(command.handle)
        # Under the row's lock: of two changes that require the same version, one succeeds.
        command.precondition.require(existing)
        product = command.apply_to(existing, self._clock.now())
        await _require_own_skus(uow, product)
        if existing is None:
            uow.products.add(product)
        else:
            uow.products.save(product)
        stage_price_changes(uow, existing, product)
        skus = [each.sku for each in product.current_variants]
        inventories = dict(await uow.inventories.get_many(skus))
        for sku in skus:
            if sku not in inventories:
                inventories[sku] = Inventory(sku=sku, on_hand=0, reserved=0)
                uow.inventories.add(inventories[sku])
        await stage_search_rows(uow, [product])
        await uow.commit()
        return ProductSaved(
            available_product=AvailableProduct(
                product=replace(product, variants=tuple(product.current_variants)),
                stock={sku: inventories[sku].available for sku in skus},
            ),
            is_new=existing is None,
        )

    async def archive(self, command: ArchiveProduct) -> None:
        """Archive a product; its orders and its stock stay as they are.

        Raise `NotSignedIn`, `SessionExpired`, `Forbidden`, `ProductNotFound` or
        `PreconditionFailed`.
        """
        retryable = command.precondition.is_empty
        await self._transactions.write(partial(self._archive, command), retryable=retryable)

    async def _archive(self, command: ArchiveProduct, uow: UnitOfWork) -> None:
        await self._authenticator.require_admin(uow, command.session)
        existing = (await uow.products.lock([command.handle])).get(command.handle)
        if existing is None:
            raise ProductNotFound(sku=command.handle)
        command.precondition.require(existing)
        if existing.archived_at is None:
            now = self._clock.now()
            archived = replace(existing, archived_at=now, updated_at=now)
            uow.products.save(archived)
            await stage_search_rows(uow, [archived])
            await uow.commit()


async def _require_own_skus(uow: UnitOfWork, product: Product) -> None:
    """Raise `SkuTaken` if a variant has the SKU of another product's."""
    known = await uow.variants.get_many([each.sku for each in product.current_variants])
    for each in known.values():
        if each.product != product.handle:
            raise SkuTaken(sku=each.sku)
