"""Shows, searches and saves products."""

from collections.abc import Sequence
from dataclasses import field, replace
from functools import partial

from shop.application.catalogue.preconditions import Precondition
from shop.application.identity.authentication import SessionAuthenticator
from shop.application.ports.clock import Clock
from shop.application.ports.paging import Page, PageRequest
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.runner import TransactionRunner
from shop.domain.inventory import Inventory
from shop.domain.product import Product, ProductNotFound, require_new_texts
from shop.domain.shared.money import Currency, Money
from shop.domain.shared.value import value


@value
class AvailableProduct:
    """A product and its available stock."""

    product: Product
    available: int


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


class ProductService:
    """Shows, searches and saves products."""

    def __init__(
        self,
        transactions: TransactionRunner,
        authenticator: SessionAuthenticator,
        clock: Clock,
        currency: Currency,
    ) -> None:
        self._transactions = transactions
        self._authenticator = authenticator
        self._clock = clock
        self._currency = currency

    async def search(
        self, words: str, page: PageRequest[str], *, active: bool = True
    ) -> Page[AvailableProduct, str]:
        """Return a page of products that match the words, on sale or off sale, by SKU."""

        async def search(uow: UnitOfWork) -> Page[AvailableProduct, str]:
            found = await uow.products.search(words, page, active=active)
            return Page(items=await _with_availability(uow, found.items), next=found.next)

        return await self._transactions.read(search)

    async def show(self, sku: str) -> AvailableProduct:
        """Return a product, on sale or not; raise `ProductNotFound` if it does not exist."""

        async def show(uow: UnitOfWork) -> AvailableProduct:
            products = await uow.products.get_many([sku])
            if sku not in products:
                raise ProductNotFound(sku=sku)
            return (await _with_availability(uow, [products[sku]]))[0]

        return await self._transactions.read(show)

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
            available = (await _with_availability(uow, [product]))[0].available
        await uow.commit()
        return ProductSaved(
            available_product=AvailableProduct(product=product, available=available),
            is_new=existing is None,
        )


async def _with_availability(
    uow: UnitOfWork, products: Sequence[Product]
) -> Sequence[AvailableProduct]:
    inventories = await uow.inventories.get_many([product.sku for product in products])
    return [
        AvailableProduct(product=product, available=inventories[product.sku].available)
        for product in products
    ]
