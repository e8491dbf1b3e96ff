"""Carts: what visitors mean to buy, signed in or not."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from shop.application.admission import Admission, Visit
from shop.application.group_commit import Lines, answer_or_refusal
from shop.application.ports.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transact import Transact
from shop.domain.cart import Cart, CartLine
from shop.domain.catalogue import Product, ProductNotFound
from shop.domain.errors import ShopError
from shop.domain.inventory import Inventory
from shop.domain.money import Currency, Money


@dataclass(frozen=True, slots=True, kw_only=True)
class PutCartLine:
    """Have this quantity of a product in the cart."""

    session: SessionToken | None
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveCartLine:
    """Have no such product in the cart."""

    session: SessionToken | None
    sku: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedLine:
    """A line of a cart with what it would cost now, and how many there are."""

    product: Product
    quantity: int
    available: int

    @property
    def amount(self) -> Money:
        """The price of the whole line."""
        return self.product.price * self.quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedCart:
    """A cart with what it would cost now."""

    lines: Sequence[PricedLine]
    total: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedCart:
    """The cart is as wanted, in the session of this visit (None where there is none)."""

    cart: PricedCart
    visit: Visit | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Put:
    """A line that is sound, to be put into the cart of a session."""

    token: SessionToken | None
    line: CartLine


class Carts:
    """The use cases around the cart of a session."""

    def __init__(
        self, transact: Transact, admission: Admission, currency: Currency, lines: Lines
    ) -> None:
        self._transact = transact
        self._admission = admission
        self._currency = currency
        self._puts = lines.before(self._put_all)

    async def show(self, cart: Cart) -> PricedCart:
        """Return the cart with present prices and stock."""
        if cart.is_empty:
            return PricedCart(lines=(), total=Money.zero(self._currency))
        return await self._transact.read(partial(self._priced, cart))

    async def put(self, command: PutCartLine) -> ChangedCart:
        """Put a quantity of a product into the cart, in place of any other quantity.

        Raise `RuleBroken`, `ProductNotFound`, `SessionExpired`, `SessionConflict` or
        `SessionTooLarge`.
        """
        line = CartLine(sku=command.sku, quantity=command.quantity)
        return await self._puts.send(_Put(token=command.session, line=line))

    async def _put_all(self, puts: Sequence[_Put]) -> Sequence[ChangedCart | ShopError]:
        work = partial(self._put, puts)
        return await self._transact.write(work, repeatable=True, divisible=len(puts) > 1)

    async def _put(
        self, puts: Sequence[_Put], uow: UnitOfWork
    ) -> Sequence[ChangedCart | ShopError]:
        arrivals = await self._admission.lock(uow, [put.token for put in puts])
        carts = [visit.session.cart for visit in arrivals.visits.values()]
        skus = {line.sku for cart in carts for line in cart.lines}
        shelf = await _Shelf.of(uow, skus | {put.line.sku for put in puts})
        visits: dict[SessionToken | UUID, Visit] = {}

        def decide(put: _Put) -> tuple[SessionToken | UUID, PricedCart]:
            visit = self._admission.anyone_or_new(arrivals, put.token)
            visitor = visit.token or visit.session.id
            visit = visits.get(visitor, visit)
            shelf.require(put.line.sku)
            cart = visit.session.cart.put(put.line)
            visits[visitor] = self._keep(uow, visit, cart)
            return visitor, shelf.price(cart, self._currency)

        decided = [answer_or_refusal(put, decide) for put in puts]
        await uow.commit()
        # Whoever put several things in holds one token afterwards, whichever answer comes last.
        return [
            each
            if isinstance(each, ShopError)
            else ChangedCart(cart=each[1], visit=visits[each[0]])
            for each in decided
        ]

    async def remove(self, command: RemoveCartLine) -> ChangedCart:
        """Take a product out of the cart; one that is not in it changes nothing.

        Raise `SessionExpired` or `SessionConflict`.
        """
        return await self._change(command.session, lambda cart: cart.without(command.sku))

    async def clear(self, token: SessionToken | None) -> ChangedCart:
        """Take everything out of the cart; raise `SessionExpired` or `SessionConflict`."""
        return await self._change(token, lambda _: Cart())

    async def _change(
        self, token: SessionToken | None, change: Callable[[Cart], Cart]
    ) -> ChangedCart:
        async def changed(uow: UnitOfWork) -> ChangedCart:
            visit = (await self._admission.lock(uow, [token])).anyone(token)
            cart = Cart() if visit is None else change(visit.session.cart)
            priced = await self._priced(cart, uow)
            if visit is not None:
                visit = self._keep(uow, visit, cart)
                await uow.commit()
            return ChangedCart(cart=priced, visit=visit)

        return await self._transact.write(changed, repeatable=True)

    def _keep(self, uow: UnitOfWork, visit: Visit, cart: Cart) -> Visit:
        if cart == visit.session.cart:
            return visit
        return self._admission.keep(uow, visit, visit.session.with_cart(cart))

    async def _priced(self, cart: Cart, uow: UnitOfWork) -> PricedCart:
        shelf = await _Shelf.of(uow, {line.sku for line in cart.lines})
        return shelf.price(cart, self._currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shelf:
    """Products as they are offered now."""

    products: Mapping[str, Product]
    inventories: Mapping[str, Inventory]

    @classmethod
    async def of(cls, uow: UnitOfWork, skus: Collection[str]) -> "_Shelf":
        """Look these products up; none ask nothing."""
        return cls(
            products=await uow.products.get_many(skus) if skus else {},
            inventories=await uow.inventories.get_many(skus) if skus else {},
        )

    def require(self, sku: str) -> None:
        """Raise `ProductNotFound` for what is not sold."""
        product = self.products.get(sku)
        if product is None or not product.active:
            raise ProductNotFound(sku=sku)

    def price(self, cart: Cart, currency: Currency) -> PricedCart:
        """Return what a cart would cost; its products were all looked up."""
        lines = [
            PricedLine(
                product=self.products[line.sku],
                quantity=line.quantity,
                available=self.inventories[line.sku].available,
            )
            for line in cart.lines
        ]
        return PricedCart(lines=lines, total=Money.total((line.amount for line in lines), currency))
