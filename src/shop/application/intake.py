"""Intake: the operator's products, stock and customers, many at a time; no session is asked for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from shop.application.ports.clock import Clock
from shop.application.ports.ids import Ids
from shop.application.ports.paging import Page
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transact import Transact
from shop.domain.account import Account, welcome
from shop.domain.catalogue import Product, require_description, require_price, require_sku
from shop.domain.errors import RuleBroken
from shop.domain.inventory import (
    MAX_ON_HAND,
    Inventory,
    Movement,
    MovementKind,
    StockBelowReserved,
)
from shop.domain.money import Currency, Money
from shop.domain.user import Role, User, normalise_email, normalise_name

REASON = "Intake"
"""The reason of every movement that an intake makes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StockedProduct:
    """A product as it is to be described, and how many of it are to be on hand.

    Of the fields named as `unsaid`, a product that is there already keeps its own.
    """

    sku: str
    name: str
    description: str
    price: Money
    active: bool
    image_url: str | None
    on_hand: int
    unsaid: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        require_sku(self.sku)
        require_description(self.name, self.description, self.image_url)
        require_price(self.price)
        if not 0 <= self.on_hand <= MAX_ON_HAND:
            raise RuleBroken(field="stock", rule=f"0 to {MAX_ON_HAND} are on hand")

    def describe(self, product: Product) -> Product:
        """Return the product as this describes it."""
        return replace(
            product,
            name=self.name,
            description=self.description,
            price=self.price,
            active=product.active if "active" in self.unsaid else self.active,
            image_url=product.image_url if "image_url" in self.unsaid else self.image_url,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCustomer:
    """Somebody who is to have an account."""

    name: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeResult:
    """How many of a batch were new, how many are different now, and how many were so already."""

    added: int
    changed: int
    unchanged: int

    def __add__(self, other: "IntakeResult") -> "IntakeResult":
        return IntakeResult(
            added=self.added + other.added,
            changed=self.changed + other.changed,
            unchanged=self.unchanged + other.unchanged,
        )


class Intake:
    """The operator's use cases that fill the shop."""

    def __init__(self, transact: Transact, clock: Clock, ids: Ids, welcome_credit: Money) -> None:
        self._transact = transact
        self._clock = clock
        self._ids = ids
        self._welcome_credit = welcome_credit

    @property
    def currency(self) -> Currency:
        """The currency in which the shop sells."""
        return self._welcome_credit.currency

    async def has_products(self) -> bool:
        """Tell whether anything is for sale."""

        async def has_products(uow: UnitOfWork) -> bool:
            return bool((await uow.products.search("", Page(limit=1, after=None))).items)

        return await self._transact.read(has_products)

    async def refusals(
        self, batch: Sequence[StockedProduct]
    ) -> Mapping[str, RuleBroken | StockBelowReserved]:
        """Return what `load` would refuse as things stand, by SKU; nothing is changed."""

        async def refusals(uow: UnitOfWork) -> dict[str, RuleBroken | StockBelowReserved]:
            inventories = await uow.inventories.get_many([each.sku for each in batch])
            return {
                each.sku: refusal
                for each in batch
                if (refusal := self._refusal(each, inventories.get(each.sku)))
            }

        return await self._transact.read(refusals)

    def _refusal(
        self, wanted: StockedProduct, inventory: Inventory | None
    ) -> RuleBroken | StockBelowReserved | None:
        try:
            wanted.price.require_currency(self.currency)
            if inventory is not None:
                inventory.adjust(wanted.on_hand - inventory.on_hand)
        except (RuleBroken, StockBelowReserved) as refusal:
            return refusal
        return None

    async def load(self, batch: Sequence[StockedProduct]) -> IntakeResult:
        """Make the products what the batch says, with that many on hand.

        A batch that has anything to refuse changes nothing. What is so already is left alone.
        Raise `RuleBroken` for another currency or a SKU that stands twice, `StockBelowReserved`
        where promised goods would be missing.
        """
        work = partial(self._load, self._by_sku(batch))
        return await self._transact.write(work, repeatable=True)

    async def add(self, batch: Sequence[StockedProduct]) -> IntakeResult:
        """Add those products that are not there, with that many on hand.

        Those that are there are left as they are, whatever the batch says of them. Raise
        `RuleBroken` as `load` does.
        """
        work = partial(self._add_missing, self._by_sku(batch))
        return await self._transact.write(work, repeatable=True)

    def _by_sku(self, batch: Sequence[StockedProduct]) -> Mapping[str, StockedProduct]:
        wanted = {each.sku: each for each in batch}
        if len(wanted) < len(batch):
            raise RuleBroken(field="sku", rule="a batch names each product once")
        for each in batch:
            each.price.require_currency(self.currency)
        return wanted

    async def _load(self, wanted: Mapping[str, StockedProduct], uow: UnitOfWork) -> IntakeResult:
        products = await uow.products.lock(wanted.keys())
        inventories = await uow.inventories.lock(wanted.keys())
        missing = [each for sku, each in wanted.items() if sku not in products]
        changed = [
            sku
            for sku, product in products.items()
            # Both are done, whether or not the first changed anything.
            if self._redescribe(uow, wanted[sku], product)
            | self._count(uow, wanted[sku], inventories[sku])
        ]
        for each in missing:
            self._add(uow, each)
        if missing or changed:
            await uow.commit()
        return IntakeResult(
            added=len(missing),
            changed=len(changed),
            unchanged=len(products) - len(changed),
        )

    async def _add_missing(
        self, wanted: Mapping[str, StockedProduct], uow: UnitOfWork
    ) -> IntakeResult:
        products = await uow.products.get_many(wanted.keys())
        missing = [each for sku, each in wanted.items() if sku not in products]
        for each in missing:
            self._add(uow, each)
        if missing:
            await uow.commit()
        return IntakeResult(added=len(missing), changed=0, unchanged=len(products))

    def _add(self, uow: UnitOfWork, wanted: StockedProduct) -> None:
        """Add a product with nothing in stock, as an admin would, and then count its stock in."""
        empty = Inventory(sku=wanted.sku, on_hand=0, reserved=0)
        uow.products.add(self._product(wanted))
        uow.inventories.add(empty)
        self._count(uow, wanted, empty)

    def _product(self, wanted: StockedProduct) -> Product:
        now = self._clock.now()
        return Product(
            sku=wanted.sku,
            name=wanted.name,
            description=wanted.description,
            price=wanted.price,
            active=wanted.active,
            image_url=wanted.image_url,
            created_at=now,
            updated_at=now,
        )

    def _redescribe(self, uow: UnitOfWork, wanted: StockedProduct, product: Product) -> bool:
        described = wanted.describe(product)
        if described == product:
            return False
        uow.products.save(replace(described, updated_at=self._clock.now()))
        return True

    def _count(self, uow: UnitOfWork, wanted: StockedProduct, before: Inventory) -> bool:
        if wanted.on_hand == before.on_hand:
            return False
        after = before.adjust(wanted.on_hand - before.on_hand)
        movement = Movement.between(
            before,
            after,
            id=self._ids.new(),
            kind=MovementKind.ADJUSTMENT,
            order_id=None,
            reason=REASON,
            created_at=self._clock.now(),
        )
        uow.inventories.save(after, movement)
        return True

    async def customers(self, batch: Iterable[NewCustomer], password_hash: str) -> Sequence[User]:
        """Create users with accounts and welcome credit, all of them or none; return the users.

        Those whose e-mail address is in use are left as they are. Raise `RuleBroken` for a name
        or an address that cannot be, `EmailTaken` where somebody else was faster.
        """
        users = [self._user(each, password_hash) for each in batch]
        accounts = [self._account(user) for user in users]
        work = partial(self._customers, users, accounts)
        return await self._transact.write(work, repeatable=True)

    async def _customers(
        self, users: Sequence[User], accounts: Sequence[Account], uow: UnitOfWork
    ) -> Sequence[User]:
        existing = await uow.users.with_emails([user.email for user in users])
        for user, account in zip(users, accounts, strict=True):
            if user.email not in existing:
                uow.users.add(user)
                uow.accounts.add(account)
                if account.balance.amount:
                    uow.transfers.add(welcome(account, id=self._ids.new()))
        await uow.commit()
        # Those that are here under the same id were made by an attempt that was never answered.
        return [user for user in users if existing.get(user.email, user).id == user.id]

    def _user(self, customer: NewCustomer, password_hash: str) -> User:
        return User(
            id=self._ids.new(),
            name=normalise_name(customer.name),
            email=normalise_email(customer.email),
            password_hash=password_hash,
            roles=frozenset({Role.CUSTOMER}),
            enabled=True,
            created_at=self._clock.now(),
        )

    def _account(self, user: User) -> Account:
        return Account(
            id=self._ids.new(),
            user_id=user.id,
            balance=self._welcome_credit,
            limit=Money.zero(self.currency),
            created_at=user.created_at,
        )
