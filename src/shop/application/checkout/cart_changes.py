"""Changes the cart of a session in one unit of work, and prices it."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from shop.application.checkout.priced_cart import CartPricer, CartPricing, OwnedCart, PricedCart
from shop.application.identity.authentication import CurrentSession, SessionAuthenticator
from shop.application.identity.session_carts import SessionCarts
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.rows_wanted import RowsWanted
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.runner import TransactionRunner, Work, after_commit
from shop.domain.customer_cart import CartContent
from shop.domain.shared.value import value

CartChange = Callable[[OwnedCart, CartPricing], CartContent]
"""Returns the next content of a cart, or raises an error; then nothing is changed."""


@value
class CartChanged:
    """The changed cart, and its session if there is one."""

    cart: PricedCart
    current_session: CurrentSession | None


class CartChanges:
    """Changes carts, with and without lines."""

    def __init__(
        self,
        transactions: TransactionRunner,
        authenticator: SessionAuthenticator,
        pricer: CartPricer,
    ) -> None:
        self._transactions = transactions
        self._authenticator = authenticator
        self._pricer = pricer

    async def change(self, token: SessionToken | None, change: CartChange) -> CartChanged:
        """Change the cart of a session; without a session, there is nothing to change.

        Raise `SessionExpired`, `SessionConflict` or `SessionTooLarge`.
        """
        return await self._write(partial(self._change, token, change))

    async def _change(
        self, token: SessionToken | None, change: CartChange, uow: UnitOfWork
    ) -> CartChanged:
        await self._read_ahead(uow, token)
        resolved_sessions = await self._authenticator.resolve_for_update(uow, [token])
        current_session = resolved_sessions.find_unexpired(token)
        if current_session is None:
            return CartChanged(cart=self._pricer.empty(), current_session=None)
        user_id = current_session.session.user_id
        carts = await SessionCarts.lock(uow, [] if user_id is None else [user_id])
        return await self._price_and_commit(uow, current_session, carts, change)

    async def change_or_begin(
        self, token: SessionToken | None, change: CartChange, code: str | None = None
    ) -> CartChanged:
        """Like `change`, but begins a session if there is none; `code` is looked up, too."""
        return await self._write(partial(self._change_or_begin, token, change, code))

    async def _write(self, work: Work[CartChanged]) -> CartChanged:
        changed = await self._transactions.write(work, retryable=True, guarded=True)
        with after_commit():
            return replace(changed, cart=await self._pricer.with_address_problems(changed.cart))

    async def _change_or_begin(
        self, token: SessionToken | None, change: CartChange, code: str | None, uow: UnitOfWork
    ) -> CartChanged:
        await self._read_ahead(uow, token)
        current_session = await self._authenticator.resolve_or_create(uow, token)
        carts = await SessionCarts.lock_or_add(uow, [current_session.session])
        return await self._price_and_commit(uow, current_session, carts, change, code)

    async def _read_ahead(self, uow: UnitOfWork, token: SessionToken | None) -> None:
        known_rules = self._pricer.known_rules
        await uow.read_ahead([RowsWanted(session=token, takes_cart=True, known_rules=known_rules)])

    async def _price_and_commit(
        self,
        uow: UnitOfWork,
        current_session: CurrentSession,
        carts: SessionCarts,
        change: CartChange,
        code: str | None = None,
    ) -> CartChanged:
        cart = OwnedCart.of(carts, current_session.session)
        pricing = await self._pricer.load(uow, [cart], code=code)
        content = change(cart, pricing)
        current_session = self.save(uow, current_session, carts, content)
        priced = pricing.price(OwnedCart.of(carts, current_session.session))
        await uow.commit()
        return CartChanged(cart=priced, current_session=current_session)

    def save(
        self,
        uow: UnitOfWork,
        current_session: CurrentSession,
        carts: SessionCarts,
        content: CartContent,
    ) -> CurrentSession:
        """Stage the content of a session's cart; the session itself only if that is needed."""
        if content == carts.content(current_session.session):
            return current_session
        session = carts.save(current_session.session, content)
        if session == current_session.session:
            return self._authenticator.save_if_due(uow, current_session)
        return self._authenticator.save(uow, current_session, session)
