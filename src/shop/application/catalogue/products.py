"""Shows, lists and saves products."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from shop.application.catalogue.price_history import stage_price_changes
from shop.application.catalogue.product_changes import ArchiveProduct, PutProduct
from shop.application.catalogue.search_rows import stage_search_rows_in
from shop.application.catalogue.tax_checks import require_taxed
from shop.application.identity.authentication import SessionAuthenticator
from shop.application.ports.clock import Clock
from shop.application.ports.paging import Page
from shop.application.ports.repositories.products import AvailableProduct, ProductListing
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.group_commit import CommandQueues
from shop.application.transactions.runner import TransactionRunner
from shop.domain.catalogue.category import CategoryTree
from shop.domain.catalogue.product import Product, ProductNotFound, SkuTaken
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
    """Shows, lists and saves products.

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
        self._list_queue = queues.queue_for(
            self._list_all, max_concurrent_groups=MAX_CONCURRENT_QUERIES
        )
        self._show_queue = queues.queue_for(
            self._show_all, max_concurrent_groups=MAX_CONCURRENT_QUERIES
        )

    async def list(self, question: ProductListing) -> ProductPage:
        """Return a page of products by handle, with their availability."""
        return await self._list_queue.submit(question)

    async def _list_all(self, questions: Sequence[ProductListing]) -> Sequence[ProductPage]:
        async def list_all(uow: UnitOfWork) -> Mapping[ProductListing, ProductPage]:
            uow.ask_once()
            return await uow.products.pages(set(questions))

        answers = await self._transactions.read(list_all)
        return [answers[each] for each in questions]

    async def show(self, handle: str) -> AvailableProduct:
        """Return a product, on sale or not; raise `ProductNotFound` if it does not exist."""
        return await self._show_queue.submit(handle)

    async def _show_all(self, handles: Sequence[str]) -> Sequence[AvailableProduct | ShopError]:
        async def show_all(uow: UnitOfWork) -> Mapping[str, AvailableProduct]:
            uow.ask_once()
            return await uow.products.available(set(handles))

        found = await self._transactions.read(show_all)
        return [found.get(handle) or ProductNotFound(sku=handle) for handle in handles]

    async def put(self, command: PutProduct) -> ProductSaved:
        """Add a product, with variants without stock, or replace one.

        Variants that it had and has no more are archived. Raise `NotSignedIn`, `SessionExpired`,
        `Forbidden`, `InvalidValue`, `CategoryNotFound`, `PreconditionFailed` or `SkuTaken`.
        """
        command.require_valid(self._currency)
        # A retry after an unknown outcome could fail on the product that it has saved itself.
        retryable = command.precondition.is_empty
        return await self._transactions.write(partial(self._put, command), retryable=retryable)

    async def _put(self, command: PutProduct, uow: UnitOfWork) -> ProductSaved:
        await self._authenticator.require_admin(uow, command.session)
        tree = None if command.categories is None else await uow.categories.lock_tree()
        existing = (await uow.products.lock([command.handle])).get(command.handle)
        before = await _categories_of(uow, command.handle)
        # Under the row's lock: of two changes that require the same version, one succeeds.
        command.precondition.require(existing, before)
        product = command.apply_to(existing, self._clock.now())
        categories = before if tree is None else _require_all(tree, command.categories or ())
        await _require_own_skus(uow, product)
        await require_taxed(uow, existing, product)
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
        if tree is not None:
            uow.categories.assign(product.handle, before, categories)
        stage_search_rows_in(uow, [product], {product.handle: categories})
        images = await uow.product_images.of_products([product.handle])
        await uow.commit()
        return ProductSaved(
            available_product=AvailableProduct(
                product=replace(product, variants=tuple(product.current_variants)),
                stock={sku: inventories[sku].available for sku in skus},
                categories=tuple(categories),
                images=tuple(images.get(product.handle, ())),
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
        categories = await _categories_of(uow, command.handle)
        command.precondition.require(existing, categories)
        if existing.archived_at is None:
            now = self._clock.now()
            # Inactive too: a server of an older release knows nothing else.
            archived = replace(existing, active=False, archived_at=now, updated_at=now)
            uow.products.save(archived)
            stage_search_rows_in(uow, [archived], {archived.handle: categories})
            await uow.commit()


async def _categories_of(uow: UnitOfWork, handle: str) -> Sequence[str]:
    return (await uow.categories.slugs_of([handle]))[handle]


def _require_all(tree: CategoryTree, slugs: Sequence[str]) -> Sequence[str]:
    """Return categories, sorted; raise `CategoryNotFound`."""
    for slug in slugs:
        tree.require(slug)
    return sorted(slugs)


async def _require_own_skus(uow: UnitOfWork, product: Product) -> None:
    """Raise `SkuTaken` if a variant has the SKU of another product's."""
    known = await uow.variants.get_many([each.sku for each in product.current_variants])
    for each in known.values():
        if each.product != product.handle:
            raise SkuTaken(sku=each.sku)
