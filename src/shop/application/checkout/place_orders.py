"""Place orders: the heart of the shop, and all of it or nothing, exactly once.

Validate the session, create the order, take the stock, charge the account, store the order's id
in the session, commit. The use case is plural: a group of commands is decided in one unit of
work, in order of arrival, as if each had come alone after the other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from uuid import UUID

from shop.application.checkout.placed_order import (
    PlacedOrder,
    load_placed_orders,
    payment_when_paid,
)
from shop.application.idempotency.batch import (
    IdempotentBatch,
    IdempotentRequest,
    accepted,
    ids_to_replay,
    require_still_pending,
)
from shop.application.idempotency.fingerprint import fingerprint
from shop.application.idempotency.results import CommandResult, Pending
from shop.application.identity.authentication import (
    CurrentSession,
    ResolvedSessions,
    SessionAuthenticator,
)
from shop.application.inventory.order_stock import OrderStock
from shop.application.notifications.events import Notifications
from shop.application.payments.payment_policy import PaymentPolicy
from shop.application.ports.clock import Clock
from shop.application.ports.id_generator import IdGenerator
from shop.application.ports.repositories.idempotency_keys import Claim, IdempotencyKey
from shop.application.ports.repositories.jobs import Job, JobKind
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.group_commit import result_or_error
from shop.application.transactions.runner import TransactionRunner
from shop.domain.account import Account, ShopAccount, Transfer, TransferKind
from shop.domain.cart import Cart, EmptyCart
from shop.domain.inventory import StockMovementKind
from shop.domain.orders.order import Actor, Order, OrderLine, OrderStatus, PriceChanged
from shop.domain.payment import CardDetails, Payment, PaymentMethod, PaymentStatus
from shop.domain.product import Product, ProductNotFound
from shop.domain.shared.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceOrder:
    """Buy what is in this cart, or in the session's where none is given.

    The card pays for which the token stands, or, without one, the account.
    """

    session: SessionToken | None
    key: str
    cart: Cart | None
    card: str | None = field(repr=False)
    expected_total: Money | None


class PlaceOrders:
    """The use case that takes orders, and carries out those that an account pays."""

    def __init__(
        self,
        transactions: TransactionRunner,
        authenticator: SessionAuthenticator,
        clock: Clock,
        ids: IdGenerator,
        notifications: Notifications,
        policy: PaymentPolicy,
    ) -> None:
        self._transactions = transactions
        self._authenticator = authenticator
        self._clock = clock
        self._ids = ids
        self._notifications = notifications
        self._policy = policy

    async def place(self, commands: Sequence[PlaceOrder]) -> Sequence[CommandResult[PlacedOrder]]:
        """Decide these orders in this order, in one unit of work; a refusal harms no other.

        Refusals: `NotSignedIn`, `SessionExpired`, `InvalidValue`, `EmptyCart`, `ProductNotFound`,
        `PriceChanged`, `OutOfStock`, `InsufficientFunds`, `IdempotencyKeyReused`,
        `RequestInProgress`, `SessionTooLarge`, `SessionConflict`.
        """
        return await self._transactions.write(
            partial(self._place, commands), retryable=True, splittable=len(commands) > 1
        )

    async def _place(
        self, commands: Sequence[PlaceOrder], uow: UnitOfWork
    ) -> Sequence[CommandResult[PlacedOrder]]:
        resolved_sessions = await self._authenticator.resolve_for_update(
            uow, [each.session for each in commands]
        )
        requests = [
            result_or_error(command, partial(self._build_request, resolved_sessions))
            for command in commands
        ]
        idempotent_batch = await IdempotentBatch.claim(uow, accepted(requests))
        order_batch = await self._load_batch(uow, accepted(requests))
        if idempotent_batch.pending_keys:
            idempotent_batch.mark_pending(await uow.orders.with_keys(idempotent_batch.pending_keys))
        decisions = [idempotent_batch.decide(request, order_batch.place) for request in requests]
        for placed in order_batch.created.values():
            self._notify(uow, placed)
        replayed = await load_placed_orders(uow, ids_to_replay(decisions, order_batch.created))
        require_still_pending(
            decisions,
            {id_ for id_, each in replayed.items() if each.order.status is not OrderStatus.PENDING},
        )
        await uow.commit()
        return [decision.to_result({**replayed, **order_batch.created}) for decision in decisions]

    def _build_request(
        self, resolved_sessions: ResolvedSessions, command: PlaceOrder
    ) -> IdempotentRequest[PlaceOrder]:
        current_session = resolved_sessions.require_signed_in(command.session)
        if command.expected_total is not None:
            command.expected_total.require_currency(self._policy.currency)
        return IdempotentRequest(
            command=command,
            current_session=current_session,
            claim=Claim(
                id=IdempotencyKey(user_id=current_session.signed_in_user.id, key=command.key),
                fingerprint=fingerprint(
                    "order",
                    cart=command.cart,
                    method=_payment_method(command),
                    card=command.card,
                    expected_total=command.expected_total,
                ),
                created_at=self._clock.now(),
            ),
        )

    def _notify(self, uow: UnitOfWork, placed: PlacedOrder) -> None:
        self._notifications.order_placed(uow, placed.order, placed.payment)
        if placed.order.status is OrderStatus.PAID:
            self._notifications.order_paid(uow, placed.order, placed.payment)

    async def _load_batch(
        self, uow: UnitOfWork, requests: Sequence[IdempotentRequest[PlaceOrder]]
    ) -> "OrderBatch":
        user_ids = {request.current_session.signed_in_user.id for request in requests}
        skus = {
            line.sku
            for request in requests
            for line in _requested_cart(request.command, request.current_session).lines
        }
        now = self._clock.now()
        accounts = await uow.accounts.lock_for_users(user_ids, self._policy.currency)
        products = await uow.products.get_many(skus)
        inventories = await uow.inventories.lock(skus)
        return OrderBatch(
            uow=uow,
            authenticator=self._authenticator,
            ids=self._ids,
            now=now,
            accounts=accounts,
            products=products,
            stock=OrderStock(uow, self._ids, self._notifications, now, inventories),
            policy=self._policy,
        )


class OrderBatch:
    """What a group of orders has locked, and what has been decided with it so far."""

    def __init__(
        self,
        *,
        uow: UnitOfWork,
        authenticator: SessionAuthenticator,
        ids: IdGenerator,
        now: datetime,
        accounts: Mapping[UUID, Account],
        products: Mapping[str, Product],
        stock: OrderStock,
        policy: PaymentPolicy,
    ) -> None:
        self._uow = uow
        self._authenticator = authenticator
        self._ids = ids
        self._now = now
        self._accounts = dict(accounts)
        self._products = products
        self._stock = stock
        self._policy = policy
        self._current_sessions: dict[SessionToken | None, CurrentSession] = {}
        self.created: dict[UUID, PlacedOrder] = {}

    def place(self, request: IdempotentRequest[PlaceOrder]) -> UUID | Pending:
        """Decide one order by the rules of the domain, then stage it; return its id."""
        command = request.command
        token = request.current_session.token
        current_session = self._current_sessions.get(token, request.current_session)
        cart = _requested_cart(command, current_session)
        lines = self._price_lines(cart)
        total = Money.total((line.amount for line in lines), self._policy.currency)
        if command.expected_total is not None and command.expected_total != total:
            raise PriceChanged(expected=command.expected_total, total=total)
        self._stock.require_available(cart)
        order = Order(
            id=self._ids.new(),
            number=self._ids.order_number(),
            user_id=current_session.signed_in_user.id,
            idempotency_key=command.key,
            status=OrderStatus.PAID if command.card is None else OrderStatus.PENDING,
            lines=lines,
            total=total,
            payment_method=_payment_method(command),
            placed_at=self._now,
            version=1,
        )
        if command.card is not None:
            return self._reserve_for_card(
                order, current_session, command.card, clears_cart=command.cart is None
            )
        account = self._accounts[order.user_id].withdraw(total)
        # The session first: it alone can still refuse.
        current_session = self._remember_in_session(
            order, current_session, token, clear_cart=command.cart is None
        )
        self._stock.apply(order, StockMovementKind.SALE)
        self._charge_account(order, account)
        self._add_order(order, payment_when_paid(order), current_session.new_token)
        return order.id

    def _reserve_for_card(
        self, order: Order, current_session: CurrentSession, card_token: str, *, clears_cart: bool
    ) -> Pending:
        """Stage an order that waits for its card, and a look at it should nobody come back."""
        card_details = CardDetails(
            token=card_token,
            gateway_payment_id=None,
            expires_at=self._now + self._policy.pending_timeout,
            session_id=current_session.session.id,
            clears_cart=clears_cart,
        )
        payment = Payment(
            order_id=order.id,
            method=order.payment_method,
            status=PaymentStatus.PENDING,
            amount=order.total,
            card=card_details,
            created_at=self._now,
        )
        self._stock.apply(order, StockMovementKind.RESERVATION)
        self._uow.jobs.add(
            Job.new(
                JobKind.RESOLVE_PAYMENT,
                order.id,
                at=self._now,
                due_at=min(self._now + self._policy.response_timeout, card_details.expires_at),
            )
        )
        self._add_order(order, payment, new_token=None)
        return Pending(reference=order.id)

    def _add_order(self, order: Order, payment: Payment, new_token: SessionToken | None) -> None:
        self._uow.orders.add(order, order.initial_status_change(actor=Actor.CUSTOMER))
        self._uow.payments.add(payment)
        self.created[order.id] = PlacedOrder(order=order, payment=payment, new_token=new_token)

    def _price_lines(self, cart: Cart) -> tuple[OrderLine, ...]:
        if cart.is_empty:
            raise EmptyCart
        return tuple(
            OrderLine(
                sku=line.sku,
                name=product.name,
                quantity=line.quantity,
                unit_price=product.price,
            )
            for line in cart.lines
            for product in (self._find_product(line.sku),)
        )

    def _find_product(self, sku: str) -> Product:
        product = self._products.get(sku)
        if product is None or not product.active:
            raise ProductNotFound(sku=sku)
        return product

    def _remember_in_session(
        self,
        order: Order,
        current_session: CurrentSession,
        token: SessionToken | None,
        *,
        clear_cart: bool,
    ) -> CurrentSession:
        session = current_session.session.with_last_order(order.id)
        if clear_cart:
            session = session.with_cart(Cart())
        saved = self._current_sessions[token] = self._authenticator.save(
            self._uow, current_session, session
        )
        return saved

    def _charge_account(self, order: Order, account: Account) -> None:
        self._accounts[account.user_id] = account
        self._uow.accounts.save(account)
        self._uow.transfers.add(
            Transfer(
                id=self._ids.new(),
                kind=TransferKind.CHARGE,
                debit_account_id=account.id,
                credit_account_id=ShopAccount.SALES.account_id(self._policy.currency),
                amount=order.total,
                order_id=order.id,
                note="",
                created_at=self._now,
            )
        )


def _requested_cart(command: PlaceOrder, current_session: CurrentSession) -> Cart:
    return current_session.session.cart if command.cart is None else command.cart


def _payment_method(command: PlaceOrder) -> PaymentMethod:
    return PaymentMethod.ACCOUNT if command.card is None else PaymentMethod.CARD
