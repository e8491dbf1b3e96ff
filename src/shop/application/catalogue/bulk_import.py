"""Imports products, stock and customers in batches, without a session."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from shop.application.catalogue.price_history import stage_price_changes
from shop.application.catalogue.search_rows import stage_search_rows
from shop.application.identity.email_lookup import find_by_emails
from shop.application.ports.clock import Clock
from shop.application.ports.id_generator import IdGenerator
from shop.application.ports.paging import PageRequest
from shop.application.ports.repositories.products import ProductListing
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.runner import TransactionRunner
from shop.domain.account import Account, welcome_transfer
from shop.domain.catalogue.product import Product, require_description, require_new_texts
from shop.domain.catalogue.variant import Variant, require_price
from shop.domain.inventory import (
    MAX_ON_HAND,
    Inventory,
    StockBelowReserved,
    StockMovement,
    StockMovementKind,
)
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.line_quantity import require_sku
from shop.domain.shared.money import Currency, Money
from shop.domain.shared.value import value
from shop.domain.user import Role, User, normalise_name, normalise_new_email

REASON = "Import"
"""The reason of every stock movement that an import makes."""


@value
class ProductRow:
    """A product and its stock on hand; an existing product keeps its `omitted_fields`."""

    sku: str
    name: str
    description: str
    price: Money
    active: bool
    image_url: str | None
    on_hand: int
    omitted_fields: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        require_sku(self.sku)
        require_new_texts(self.name, self.description)
        require_description(self.name, self.description, self.image_url)
        require_price(self.price)
        if not 0 <= self.on_hand <= MAX_ON_HAND:
            raise InvalidValue(field="stock", rule=f"must be 0 to {MAX_ON_HAND}")

    def apply_to(self, product: Product) -> Product:
        """Update a product with one variant, which has its SKU; raise `InvalidValue` for others."""
        variant = product.only_variant
        if variant is None or variant.sku != self.sku:
            raise InvalidValue(field="sku", rule=f"must have one variant, unlike {self.sku}")
        return replace(
            product,
            name=self.name,
            description=self.description,
            variants=(variant.at_price(self.price), *product.variants[1:]),
            active=product.active if "active" in self.omitted_fields else self.active,
            image_url=product.image_url if "image_url" in self.omitted_fields else self.image_url,
        )


@value
class NewCustomer:
    """A customer to create."""

    name: str
    email: str


@value
class ImportResult:
    """How many rows of a batch were added, changed and unchanged."""

    added: int
    changed: int
    unchanged: int

    def __add__(self, other: "ImportResult") -> "ImportResult":
        return ImportResult(
            added=self.added + other.added,
            changed=self.changed + other.changed,
            unchanged=self.unchanged + other.unchanged,
        )


class BulkImport:
    """Adds and updates products and customers in batches."""

    def __init__(
        self, transactions: TransactionRunner, clock: Clock, ids: IdGenerator, welcome_credit: Money
    ) -> None:
        self._transactions = transactions
        self._clock = clock
        self._ids = ids
        self._welcome_credit = welcome_credit

    @property
    def currency(self) -> Currency:
        """The shop's currency."""
        return self._welcome_credit.currency

    async def has_products(self) -> bool:
        """Check whether there is an active product."""
        first = ProductListing(page=PageRequest(limit=1, after=None))

        async def has_products(uow: UnitOfWork) -> bool:
            return bool((await uow.products.pages([first]))[first].items)

        return await self._transactions.read(has_products)

    async def validate(
        self, batch: Sequence[ProductRow]
    ) -> Mapping[str, InvalidValue | StockBelowReserved]:
        """Return the errors that `upsert` would raise, by SKU, without changes."""

        async def validate(uow: UnitOfWork) -> dict[str, InvalidValue | StockBelowReserved]:
            inventories = await uow.inventories.get_many([each.sku for each in batch])
            return {
                each.sku: error
                for each in batch
                if (error := self._validate_row(each, inventories.get(each.sku)))
            }

        return await self._transactions.read(validate)

    def _validate_row(
        self, row: ProductRow, inventory: Inventory | None
    ) -> InvalidValue | StockBelowReserved | None:
        try:
            row.price.require_currency(self.currency)
            if inventory is not None:
                inventory.adjust(row.on_hand - inventory.on_hand)
        except (InvalidValue, StockBelowReserved) as error:
            return error
        return None

    async def upsert(self, batch: Sequence[ProductRow]) -> ImportResult:
        """Add or update the products and set their stock on hand, all or none.

        Raise `InvalidValue` for another currency or a duplicate SKU, or `StockBelowReserved`.
        """
        work = partial(self._upsert, self._by_sku(batch))
        return await self._transactions.write(work, retryable=True)

    async def add_missing(self, batch: Sequence[ProductRow]) -> ImportResult:
        """Add the missing products with their stock on hand; leave the others unchanged.

        Raise `InvalidValue` like `upsert`.
        """
        work = partial(self._add_missing, self._by_sku(batch))
        return await self._transactions.write(work, retryable=True)

    def _by_sku(self, batch: Sequence[ProductRow]) -> Mapping[str, ProductRow]:
        rows = {each.sku: each for each in batch}
        if len(rows) < len(batch):
            raise InvalidValue(field="sku", rule="must be unique in a batch")
        for each in batch:
            each.price.require_currency(self.currency)
        return rows

    async def _upsert(self, rows: Mapping[str, ProductRow], uow: UnitOfWork) -> ImportResult:
        products = await uow.products.lock(rows.keys())
        inventories = await uow.inventories.lock(rows.keys())
        missing = [each for sku, each in rows.items() if sku not in products]
        updated = {
            sku: self._update_product(uow, rows[sku], product) for sku, product in products.items()
        }
        changed = [
            sku
            for sku in products
            if self._set_on_hand(uow, rows[sku], inventories[sku]) or updated[sku]
        ]
        added = [self._add_product(uow, each) for each in missing]
        await stage_search_rows(uow, [*filter(None, updated.values()), *added])
        if missing or changed:
            await uow.commit()
        return ImportResult(
            added=len(missing),
            changed=len(changed),
            unchanged=len(products) - len(changed),
        )

    async def _add_missing(self, rows: Mapping[str, ProductRow], uow: UnitOfWork) -> ImportResult:
        products = await uow.products.get_many(rows.keys())
        missing = [each for sku, each in rows.items() if sku not in products]
        await stage_search_rows(uow, [self._add_product(uow, each) for each in missing])
        if missing:
            await uow.commit()
        return ImportResult(added=len(missing), changed=0, unchanged=len(products))

    def _add_product(self, uow: UnitOfWork, row: ProductRow) -> Product:
        empty = Inventory(sku=row.sku, on_hand=0, reserved=0)
        product = self._new_product(row)
        uow.products.add(product)
        stage_price_changes(uow, None, product)
        uow.inventories.add(empty)
        self._set_on_hand(uow, row, empty)
        return product

    def _new_product(self, row: ProductRow) -> Product:
        now = self._clock.now()
        return Product(
            handle=row.sku,
            name=row.name,
            description=row.description,
            active=row.active,
            image_url=row.image_url,
            variants=(Variant(sku=row.sku, price=row.price),),
            created_at=now,
            updated_at=now,
        )

    def _update_product(self, uow: UnitOfWork, row: ProductRow, product: Product) -> Product | None:
        """Stage the product as the row has it; return None if it is so already."""
        updated = row.apply_to(product)
        if updated == product:
            return None
        saved = replace(updated, updated_at=self._clock.now())
        uow.products.save(saved)
        stage_price_changes(uow, product, saved)
        return saved

    def _set_on_hand(self, uow: UnitOfWork, row: ProductRow, before: Inventory) -> bool:
        if row.on_hand == before.on_hand:
            return False
        after = before.adjust(row.on_hand - before.on_hand)
        movement = StockMovement.between(
            before,
            after,
            id=self._ids.new(),
            kind=StockMovementKind.ADJUSTMENT,
            order_id=None,
            reason=REASON,
            created_at=self._clock.now(),
        )
        uow.inventories.save(after, movement)
        return True

    async def add_customers(
        self, batch: Iterable[NewCustomer], password_hash: str
    ) -> Sequence[User]:
        """Create users with accounts and welcome credit, all or none; return the users.

        Skips e-mail addresses in use. Raise `InvalidValue` for an invalid name or address, or
        `EmailTaken` if an address was taken at the same time.
        """
        users = [self._new_user(each, password_hash) for each in batch]
        accounts = [self._new_account(user) for user in users]
        work = partial(self._add_customers, users, accounts)
        return await self._transactions.write(work, retryable=True)

    async def _add_customers(
        self, users: Sequence[User], accounts: Sequence[Account], uow: UnitOfWork
    ) -> Sequence[User]:
        existing = await find_by_emails(uow, [user.email for user in users])
        for user, account in zip(users, accounts, strict=True):
            if user.email not in existing:
                uow.users.add(user)
                uow.accounts.add(account)
                if account.balance.amount:
                    uow.transfers.add(welcome_transfer(account, id=self._ids.new()))
        await uow.commit()
        # A user with the same id was created by an earlier attempt whose commit got no answer.
        return [user for user in users if existing.get(user.email, user).id == user.id]

    def _new_user(self, customer: NewCustomer, password_hash: str) -> User:
        return User(
            id=self._ids.new(),
            name=normalise_name(customer.name),
            email=normalise_new_email(customer.email),
            password_hash=password_hash,
            roles=frozenset({Role.CUSTOMER}),
            enabled=True,
            created_at=self._clock.now(),
        )

    def _new_account(self, user: User) -> Account:
        return Account(
            id=self._ids.new(),
            user_id=user.id,
            balance=self._welcome_credit,
            minimum_balance=Money.zero(self.currency),
            created_at=user.created_at,
        )
