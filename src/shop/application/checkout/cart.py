"""Shows and changes the carts of visitors and customers."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from uuid import UUID

from shop.application.checkout.cart_changes import CartChanged, CartChanges
from shop.application.checkout.priced_cart import CartPricer, OwnedCart, PricedCart
from shop.application.identity.authentication import CurrentSession, SessionAuthenticator
from shop.application.identity.session_carts import SessionCarts
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.rows_wanted import RowsWanted
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.group_commit import CommandQueues, result_or_error
from shop.application.transactions.runner import TransactionRunner, after_commit
from shop.domain.customer_cart import EMPTY_CART
from shop.domain.session import NotSignedIn, Session
from shop.domain.shared.errors import InvalidValue, ShopError
from shop.domain.shared.line_quantity import LineQuantity
from shop.domain.shared.value import value


@value
class PutCartLine:
    """Set the quantity of a product in the cart of a session."""

    session: SessionToken | None
    sku: str
    quantity: int


@value
class RemoveCartLine:
    """Remove a product from the cart of a session."""

    session: SessionToken | None
    sku: str


@value
class _PutLine:
    """A valid line for the cart of a session."""

    token: SessionToken | None
    line: LineQuantity
    begins_session: bool

    def rows(self, known_rules: int) -> RowsWanted:
        """Return the rows that it needs."""
        return RowsWanted(
            session=self.token,
            takes_cart=True,
            product_skus=[self.line.sku],
            known_rules=known_rules,
        )


class CartService:
    """Shows and changes the cart of a session, which all sessions of a customer share."""

    def __init__(
        self,
        transactions: TransactionRunner,
        authenticator: SessionAuthenticator,
        pricer: CartPricer,
        changes: CartChanges,
        queues: CommandQueues,
        max_quantity: int,
    ) -> None:
        self._transactions = transactions
        self._authenticator = authenticator
        self._pricer = pricer
        self._changes = changes
        self._max_quantity = max_quantity
        self._put_queue = queues.queue_for(self._put_all)

    async def show(self, current_session: CurrentSession | None) -> PricedCart:
        """Return the cart of a session, of all sessions of its customer, at current prices."""
        session = None if current_session is None else current_session.session
        if session is None or (session.user_id is None and session.content == EMPTY_CART):
            return self._pricer.empty()
        return await self._pricer.with_address_problems(await self._price(current_session, session))

    async def _price(self, current_session: CurrentSession | None, session: Session) -> PricedCart:
        if current_session is not None and not self._pricer.asks_beyond_cart:
            token = current_session.new_token or current_session.token
            ahead = await self._transactions.read(partial(self._show_read_ahead, session, token))
            if ahead is not None:
                return ahead
        return await self._transactions.read(partial(self._show, session))

    async def _show_read_ahead(
        self, session: Session, token: SessionToken | None, uow: UnitOfWork
    ) -> PricedCart | None:
        """Price the cart with one question; return None if its price depends on more."""
        # The session's own lines are known; a cookie may have them.
        skus = [line.sku for line in session.cart.lines]
        known_rules = self._pricer.known_rules
        await uow.read_ahead(
            [RowsWanted(session=token, takes_cart=True, product_skus=skus, known_rules=known_rules)]
        )
        if not await uow.sessions.find([] if token is None else [token]):
            # It was revoked meanwhile, so nothing of its customer was read ahead.
            return None
        cart = OwnedCart.of(await SessionCarts.load(uow, [session]), session)
        if not await self._pricer.can_price_read_ahead(uow, cart.content):
            return None
        return (await self._pricer.load(uow, [cart])).price(cart)

    async def _show(self, session: Session, uow: UnitOfWork) -> PricedCart:
        cart = OwnedCart.of(await SessionCarts.load(uow, [session]), session)
        return (await self._pricer.load(uow, [cart])).price(cart)

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
        changed = await self._put_queue.submit(
            _PutLine(token=command.session, line=line, begins_session=begins_session)
        )
        with after_commit():
            return replace(changed, cart=await self._pricer.with_address_problems(changed.cart))

    async def _put_all(self, puts: Sequence[_PutLine]) -> Sequence[CartChanged | ShopError]:
        work = partial(self._put, puts)
        return await self._transactions.write(
            work, retryable=True, splittable=len(puts) > 1, guarded=True
        )

    async def _put(
        self, puts: Sequence[_PutLine], uow: UnitOfWork
    ) -> Sequence[CartChanged | ShopError]:
        known_rules = self._pricer.known_rules
        await uow.read_ahead([put.rows(known_rules) for put in puts])
        resolved_sessions = await self._authenticator.resolve_for_update(
            uow, [put.token for put in puts]
        )
        sessions = [each.session for each in resolved_sessions.by_token.values()]
        carts = await SessionCarts.lock_or_add(uow, sessions)
        pricing = await self._pricer.load(
            uow, [OwnedCart.of(carts, each) for each in sessions], {put.line.sku for put in puts}
        )
        current_sessions: dict[SessionToken | UUID, CurrentSession] = {}

        def decide(put: _PutLine) -> tuple[SessionToken | UUID, PricedCart]:
            if not put.begins_session and resolved_sessions.find_unexpired(put.token) is None:
                raise NotSignedIn
            current_session = self._authenticator.find_or_create(resolved_sessions, put.token)
            session_key = current_session.token or current_session.session.id
            current_session = current_sessions.get(session_key, current_session)
            pricing.require_for_sale(put.line.sku)
            content = carts.content(current_session.session)
            content = content.with_cart(content.cart.put(put.line))
            current_session = self._changes.save(uow, current_session, carts, content)
            current_sessions[session_key] = current_session
            return session_key, pricing.price(OwnedCart.of(carts, current_session.session))

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
        return await self._changes.change(
            command.session,
            lambda cart, _: cart.content.with_cart(cart.content.cart.without(command.sku)),
        )

    async def clear(self, token: SessionToken | None) -> CartChanged:
        """Remove everything from the cart; raise `SessionExpired` or `SessionConflict`."""
        return await self._changes.change(token, lambda *_: EMPTY_CART)
