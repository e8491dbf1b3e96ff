"""Carts: what visitors mean to buy, signed in or not."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from shop.application.admission import Admission, Visit
from shop.application.ports.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transact import Transact
from shop.domain.cart import Cart, CartLine
from shop.domain.catalogue import Product, ProductNotFound
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


class Carts:
    """The use cases around the cart of a session."""

    def __init__(self, transact: Transact, admission: Admission, currency: Currency) -> None:
        self._transact = transact
        self._admission = admission
        self._currency = currency

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
        work = partial(self._put, command.session, line)
        return await self._transact.write(work, repeatable=True)

    async def _put(
        self, token: SessionToken | None, line: CartLine, uow: UnitOfWork
    ) -> ChangedCart:
        visit = await self._admission.lock_or_begin(uow, token)
        product = (await uow.products.get_many([line.sku])).get(line.sku)
        if product is None or not product.active:
            raise ProductNotFound(sku=line.sku)
        return await self._keep(uow, visit, visit.session.cart.put(line))

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
            if visit is None:
                return ChangedCart(cart=await self._priced(Cart(), uow), visit=None)
            return await self._keep(uow, visit, change(visit.session.cart))

        return await self._transact.write(changed, repeatable=True)

    async def _keep(self, uow: UnitOfWork, visit: Visit, cart: Cart) -> ChangedCart:
        priced = await self._priced(cart, uow)
        if cart != visit.session.cart:
            visit = self._admission.keep(uow, visit, visit.session.with_cart(cart))
            await uow.commit()
        return ChangedCart(cart=priced, visit=visit)

    async def _priced(self, cart: Cart, uow: UnitOfWork) -> PricedCart:
        skus = [line.sku for line in cart.lines]
        products = await uow.products.get_many(skus) if skus else {}
        inventories = await uow.inventories.get_many(skus) if skus else {}
        lines = [
            PricedLine(
                product=products[line.sku],
                quantity=line.quantity,
                available=inventories[line.sku].available,
            )
            for line in cart.lines
        ]
        total = Money.total((line.amount for line in lines), self._currency)
        return PricedCart(lines=lines, total=total)
