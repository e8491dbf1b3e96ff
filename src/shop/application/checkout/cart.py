"""Shows and changes the carts of sessions, signed in or not."""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from uuid import UUID

from shop.application.identity.authentication import CurrentSession, SessionAuthenticator
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.rows_wanted import RowsWanted
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.group_commit import CommandQueues, result_or_error
from shop.application.transactions.runner import TransactionRunner
from shop.domain.cart import Cart
from shop.domain.cart_problems import CartProblem, find_cart_problems
from shop.domain.catalogue.product import ProductNotFound
from shop.domain.catalogue.variant import ChosenOption, SoldVariant
from shop.domain.inventory import Inventory
from shop.domain.session import NotSignedIn
from shop.domain.shared.errors import InvalidValue, ShopError
from shop.domain.shared.line_quantity import LineQuantity
from shop.domain.shared.money import Currency, Money
from shop.domain.shared.value import value


@value
class PutCartLine:
    """Set the quantity of a product in the session's cart."""

    session: SessionToken | None
    sku: str
    quantity: int


@value
class RemoveCartLine:
    """Remove a product from the session's cart."""

    session: SessionToken | None
    sku: str


@value
class PricedLine:
    """A cart line at its current price, with its available stock and the codes of problems.

    One whose variant does not exist has its SKU as its name, and costs nothing.
    """

    sku: str
    name: str
    options: Sequence[ChosenOption]
    quantity: int
    unit_price: Money
    available: int
    problems: Sequence[str] = ()

    @property
    def amount(self) -> Money:
        """The price of the whole line."""
        return self.unit_price * self.quantity


@value
class PricedCart:
    """A cart at current prices; without `problems`, it can be ordered."""

    lines: Sequence[PricedLine]
    total: Money
    problems: Sequence[CartProblem]


@value
class CartChanged:
    """The changed cart, and its session if there is one."""

    cart: PricedCart
    current_session: CurrentSession | None


@value
class _PutLine:
    """A valid line for the cart of a session."""

    token: SessionToken | None
    line: LineQuantity
    begins_session: bool

    @property
    def rows(self) -> RowsWanted:
        """The rows that it needs."""
        return RowsWanted(session=self.token, takes_cart=True, product_skus=[self.line.sku])


class CartService:
    """Shows and changes the cart of a session."""

    def __init__(
        self,
        transactions: TransactionRunner,
        authenticator: SessionAuthenticator,
        currency: Currency,
        queues: CommandQueues,
        max_quantity: int,
    ) -> None:
        self._transactions = transactions
        self._authenticator = authenticator
        self._currency = currency
        self._max_quantity = max_quantity
        self._put_queue = queues.queue_for(self._put_all)

    async def show(self, cart: Cart) -> PricedCart:
        """Return the cart with current prices and stock."""
        if cart.is_empty:
            return CartPricing(variants={}, inventories={}).price(cart, self._currency)
        return await self._transactions.read(partial(self._price, cart))

    async def put(self, command: PutCartLine) -> CartChanged:
        """Set the quantity of a product in the cart.

        Raise `InvalidValue`, `ProductNotFound`, `SessionExpired`, `SessionConflict` or
        `SessionTooLarge`.
        """
        return await self._submit_line(command, begins_session=True)

    async def put_in_existing(self, command: PutCartLine) -> CartChanged:
        """Like `put`, but raises `NotSignedIn` if the token opens no session."""
        return await self._submit_line(command, begins_session=False)

    async def _submit_line(self, command: PutCartLine, *, begins_session: bool) -> CartChanged:
        if command.quantity > self._max_quantity:
            raise InvalidValue(field="quantity", rule=f"must be 1 to {self._max_quantity}")
        line = LineQuantity(sku=command.sku, quantity=command.quantity)
        return await self._put_queue.submit(
            _PutLine(token=command.session, line=line, begins_session=begins_session)
        )

    async def _put_all(self, puts: Sequence[_PutLine]) -> Sequence[CartChanged | ShopError]:
        work = partial(self._put, puts)
        return await self._transactions.write(
            work, retryable=True, splittable=len(puts) > 1, guarded=True
        )

    async def _put(
        self, puts: Sequence[_PutLine], uow: UnitOfWork
    ) -> Sequence[CartChanged | ShopError]:
        await uow.read_ahead([put.rows for put in puts])
        resolved_sessions = await self._authenticator.resolve_for_update(
            uow, [put.token for put in puts]
        )
        carts = [each.session.cart for each in resolved_sessions.by_token.values()]
        skus = {line.sku for cart in carts for line in cart.lines}
        pricing = await CartPricing.load(uow, skus | {put.line.sku for put in puts})
        current_sessions: dict[SessionToken | UUID, CurrentSession] = {}

        def decide(put: _PutLine) -> tuple[SessionToken | UUID, PricedCart]:
            if not put.begins_session and resolved_sessions.find_unexpired(put.token) is None:
                raise NotSignedIn
            current_session = self._authenticator.find_or_create(resolved_sessions, put.token)
            session_key = current_session.token or current_session.session.id
            current_session = current_sessions.get(session_key, current_session)
            pricing.require_for_sale(put.line.sku)
            cart = current_session.session.cart.put(put.line)
            current_sessions[session_key] = self._save(uow, current_session, cart)
            return session_key, pricing.price(cart, self._currency)

        results = [result_or_error(put, decide) for put in puts]
        await uow.commit()
        # All results of one session have its last token, so their order does not matter.
        return [
            each
            if isinstance(each, ShopError)
            else CartChanged(cart=each[1], current_session=current_sessions[each[0]])
            for each in results
        ]

    async def remove(self, command: RemoveCartLine) -> CartChanged:
        """Remove a product from the cart; raise `SessionExpired` or `SessionConflict`."""
        return await self._change(command.session, lambda cart: cart.without(command.sku))

    async def clear(self, token: SessionToken | None) -> CartChanged:
        """Remove all lines from the cart; raise `SessionExpired` or `SessionConflict`."""
        return await self._change(token, lambda _: Cart())

    async def _change(
        self, token: SessionToken | None, change: Callable[[Cart], Cart]
    ) -> CartChanged:
        async def changed(uow: UnitOfWork) -> CartChanged:
            await uow.read_ahead([RowsWanted(session=token, takes_cart=True)])
            current_session = (
                await self._authenticator.resolve_for_update(uow, [token])
            ).find_unexpired(token)
            cart = Cart() if current_session is None else change(current_session.session.cart)
            priced = await self._price(cart, uow)
            if current_session is not None:
                current_session = self._save(uow, current_session, cart)
                await uow.commit()
            return CartChanged(cart=priced, current_session=current_session)

        return await self._transactions.write(changed, retryable=True, guarded=True)

    def _save(self, uow: UnitOfWork, current_session: CurrentSession, cart: Cart) -> CurrentSession:
        if cart == current_session.session.cart:
            return current_session
        return self._authenticator.save(
            uow, current_session, current_session.session.with_cart(cart)
        )

    async def _price(self, cart: Cart, uow: UnitOfWork) -> PricedCart:
        pricing = await CartPricing.load(uow, {line.sku for line in cart.lines})
        return pricing.price(cart, self._currency)


@value
class CartPricing:
    """The current variants and stock of a group of carts."""

    variants: Mapping[str, SoldVariant]
    inventories: Mapping[str, Inventory]

    @classmethod
    async def load(cls, uow: UnitOfWork, skus: Collection[str]) -> "CartPricing":
        """Load these variants, if there are any."""
        return cls(
            variants=await uow.variants.get_many(skus) if skus else {},
            inventories=await uow.inventories.get_many(skus) if skus else {},
        )

    def require_for_sale(self, sku: str) -> None:
        """Raise `ProductNotFound` unless the variant is for sale."""
        variant = self.variants.get(sku)
        if variant is None or not variant.is_for_sale:
            raise ProductNotFound(sku=sku)

    def price(self, cart: Cart, currency: Currency) -> PricedCart:
        """Price a cart whose variants have been loaded."""
        problems = list(find_cart_problems(cart, self.variants, self.inventories))
        codes: dict[str, list[str]] = {}
        for problem in problems:
            if problem.sku is not None:
                codes.setdefault(problem.sku, []).append(problem.code)
        lines = [self._line(line, codes.get(line.sku, ()), currency) for line in cart.lines]
        return PricedCart(
            lines=lines,
            total=Money.total((line.amount for line in lines), currency),
            problems=problems,
        )

    def _line(self, line: LineQuantity, problems: Sequence[str], currency: Currency) -> PricedLine:
        variant = self.variants.get(line.sku)
        if variant is None:
            return PricedLine(
                sku=line.sku,
                name=line.sku,
                options=(),
                quantity=line.quantity,
                unit_price=Money.zero(currency),
                available=0,
                problems=problems,
            )
        return PricedLine(
            sku=line.sku,
            name=variant.name,
            options=variant.options,
            quantity=line.quantity,
            unit_price=variant.price,
            available=self.inventories[line.sku].available if variant.is_for_sale else 0,
            problems=problems,
        )
