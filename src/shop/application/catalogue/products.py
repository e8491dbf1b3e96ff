"""Shows, searches and saves products."""

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from functools import partial

from shop.application.catalogue.preconditions import Precondition
from shop.application.catalogue.search_rows import stage_search_rows
from shop.application.identity.authentication import SessionAuthenticator
from shop.application.ports.clock import Clock
from shop.application.ports.paging import Page
from shop.application.ports.repositories.products import AvailableProduct, ProductSearch
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.group_commit import CommandQueues
from shop.application.transactions.runner import TransactionRunner
from shop.domain.inventory import Inventory
from shop.domain.product import Product, ProductNotFound, require_new_texts
from shop.domain.shared.errors import ShopError
from shop.domain.shared.money import Currency, Money
from shop.domain.shared.value import value

MAX_CONCURRENT_QUERIES = 4
"""Groups of questions at once, so that a stuck one does not stop all."""


@value
class PutProduct:
    """Add or replace a product (admin); `keeps_image` leaves an existing image as it is."""

    session: SessionToken | None
    sku: str
    name: str
    description: str
    price: Money
    active: bool
    image_url: str | None
    keeps_image: bool = False
    precondition: Precondition = field(default_factory=Precondition)


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
        """Return a page of products by SKU, with their availability."""
        return await self._search_queue.submit(question)

    async def _search_all(self, questions: Sequence[ProductSearch]) -> Sequence[ProductPage]:
        async def search_all(uow: UnitOfWork) -> Mapping[ProductSearch, ProductPage]:
            uow.ask_once()
            return await uow.products.search(set(questions))

        answers = await self._transactions.read(search_all)
        return [answers[each] for each in questions]

    async def show(self, sku: str) -> AvailableProduct:
        """Return a product, on sale or not; raise `ProductNotFound` if it does not exist."""
        return await self._show_queue.submit(sku)

    async def _show_all(self, skus: Sequence[str]) -> Sequence[AvailableProduct | ShopError]:
        async def show_all(uow: UnitOfWork) -> Mapping[str, AvailableProduct]:
            uow.ask_once()
            return await uow.products.available(set(skus))

        found = await self._transactions.read(show_all)
        return [found.get(sku) or ProductNotFound(sku=sku) for sku in skus]

    async def put(self, command: PutProduct) -> ProductSaved:
        """Add a product without stock, or replace one.

        Raise `NotSignedIn`, `SessionExpired`, `Forbidden`, `InvalidValue` or `PreconditionFailed`.
        """
        command.price.require_currency(self._currency)
        require_new_texts(command.name, command.description)
        # A retry after an unknown outcome could fail on the product that it has saved itself.
        retryable = command.precondition.is_empty
        return await self._transactions.write(partial(self._put, command), retryable=retryable)

    async def _put(self, command: PutProduct, uow: UnitOfWork) -> ProductSaved:
        await self._authenticator.require_admin(uow, command.session)
        now = self._clock.now()
        product = Product(
            sku=command.sku,
            name=command.name,
            description=command.description,
            price=command.price,
            active=command.active,
            image_url=command.image_url,
            created_at=now,
            updated_at=now,
        )
        existing = (await uow.products.lock([command.sku])).get(command.sku)
        # Under the row's lock: of two changes that require the same version, one succeeds.
        command.precondition.require(existing)
        if existing is None:
            uow.products.add(product)
            uow.inventories.add(Inventory(sku=command.sku, on_hand=0, reserved=0))
            available = 0
        else:
            image_url = existing.image_url if command.keeps_image else command.image_url
            product = replace(product, created_at=existing.created_at, image_url=image_url)
            uow.products.save(product)
            available = (await uow.inventories.get_many([product.sku]))[product.sku].available
        await stage_search_rows(uow, [product])
        await uow.commit()
        return ProductSaved(
            available_product=AvailableProduct(product=product, available=available),
            is_new=existing is None,
        )
