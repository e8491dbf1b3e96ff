"""Place orders: the heart of the shop, and all of it or nothing, exactly once.

Validate the session, create the order, take the stock, charge the account, store the order's id
in the session, commit. The use case is plural: a group of commands is decided in one unit of
work, in order of arrival, as if each had come alone after the other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from shop.application.admission import Admission, Arrivals, Visit
from shop.application.group_commit import answer_or_refusal
from shop.application.idempotency import (
    Claims,
    Reply,
    Request,
    fingerprint,
    made_earlier,
    sound,
)
from shop.application.ports.clock import Clock
from shop.application.ports.idempotency import Claim, KeyId
from shop.application.ports.ids import Ids
from shop.application.ports.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transact import Transact
from shop.domain.account import Account, ShopAccount, Transfer, TransferKind
from shop.domain.cart import Cart, EmptyCart
from shop.domain.catalogue import Product, ProductNotFound
from shop.domain.inventory import Inventory, Movement, MovementKind, OutOfStock
from shop.domain.money import Currency, Money
from shop.domain.order import Actor, Order, OrderLine, OrderStatus, PriceChanged
from shop.domain.payment import Payment, PaymentMethod, PaymentStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceOrder:
    """Buy what is in this cart, or in the session's where none is given; the account pays."""

    session: SessionToken | None
    key: str
    cart: Cart | None
    expected_total: Money | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedOrder:
    """An order as it was placed, its payment, and the token to hold if it is a new one."""

    order: Order
    payment: Payment
    issued: SessionToken | None


class PlaceOrders:
    """The use case that takes orders."""

    def __init__(
        self,
        transact: Transact,
        admission: Admission,
        clock: Clock,
        ids: Ids,
        currency: Currency,
    ) -> None:
        self._transact = transact
        self._admission = admission
        self._clock = clock
        self._ids = ids
        self._currency = currency

    async def place(self, commands: Sequence[PlaceOrder]) -> Sequence[Reply[PlacedOrder]]:
        """Decide these orders in this order, in one unit of work; a refusal harms no other.

        Refusals: `NotSignedIn`, `SessionExpired`, `RuleBroken`, `EmptyCart`, `ProductNotFound`,
        `PriceChanged`, `OutOfStock`, `InsufficientFunds`, `IdempotencyKeyReused`,
        `RequestInProgress`, `SessionTooLarge`, `SessionConflict`.
        """
        return await self._transact.write(
            partial(self._place, commands), repeatable=True, divisible=len(commands) > 1
        )

    async def _place(
        self, commands: Sequence[PlaceOrder], uow: UnitOfWork
    ) -> Sequence[Reply[PlacedOrder]]:
        arrivals = await self._admission.lock(uow, [each.session for each in commands])
        requests = [
            answer_or_refusal(command, partial(self._request, arrivals)) for command in commands
        ]
        claims = await Claims.take(uow, sound(requests))
        desk = await self._open_desk(uow, sound(requests))
        verdicts = [claims.decide(request, desk.place) for request in requests]
        earlier = await uow.orders.get_many(made_earlier(verdicts, desk.made))
        await uow.commit()
        placed = {
            order.id: PlacedOrder(
                order=order.as_placed(),
                payment=_captured(order),
                issued=desk.issued(order),
            )
            for order in (*earlier.values(), *desk.made.values())
        }
        return [verdict.reply(placed) for verdict in verdicts]

    def _request(self, arrivals: Arrivals, command: PlaceOrder) -> Request[PlaceOrder]:
        visit = arrivals.signed_in(command.session)
        if command.expected_total is not None:
            command.expected_total.require_currency(self._currency)
        return Request(
            command=command,
            visit=visit,
            claim=Claim(
                id=KeyId(user_id=visit.signed_in_user.id, key=command.key),
                fingerprint=fingerprint(
                    "order",
                    cart=command.cart,
                    method=PaymentMethod.ACCOUNT,
                    expected_total=command.expected_total,
                ),
                created_at=self._clock.now(),
            ),
        )

    async def _open_desk(self, uow: UnitOfWork, requests: Sequence[Request[PlaceOrder]]) -> "_Desk":
        user_ids = {request.visit.signed_in_user.id for request in requests}
        skus = {
            line.sku
            for request in requests
            for line in _wanted(request.command, request.visit).lines
        }
        return _Desk(
            uow=uow,
            admission=self._admission,
            ids=self._ids,
            now=self._clock.now(),
            accounts=await uow.accounts.lock_of_users(user_ids, self._currency),
            products=await uow.products.get_many(skus),
            inventories=await uow.inventories.lock(skus),
            currency=self._currency,
        )


class _Desk:
    """What a group of orders has locked, and what has been decided with it so far."""

    def __init__(
        self,
        *,
        uow: UnitOfWork,
        admission: Admission,
        ids: Ids,
        now: datetime,
        accounts: Mapping[UUID, Account],
        products: Mapping[str, Product],
        inventories: Mapping[str, Inventory],
        currency: Currency,
    ) -> None:
        self._uow = uow
        self._admission = admission
        self._ids = ids
        self._now = now
        self._accounts = dict(accounts)
        self._products = products
        self._inventories = dict(inventories)
        self._currency = currency
        self._visits: dict[SessionToken | None, Visit] = {}
        self._tokens: dict[UUID, SessionToken | None] = {}
        self.made: dict[UUID, Order] = {}

    def place(self, request: Request[PlaceOrder]) -> UUID:
        """Decide one order by the rules of the domain, then stage it; return its id."""
        command = request.command
        token = request.visit.token
        visit = self._visits.get(token, request.visit)
        cart = _wanted(command, visit)
        lines = self._priced(cart)
        total = Money.total((line.amount for line in lines), self._currency)
        if command.expected_total is not None and command.expected_total != total:
            raise PriceChanged(expected=command.expected_total, total=total)
        self._require_stock(cart)
        account = self._accounts[visit.signed_in_user.id].withdraw(total)
        order = Order(
            id=self._ids.new(),
            number=self._ids.order_number(),
            user_id=account.user_id,
            idempotency_key=command.key,
            status=OrderStatus.PAID,
            lines=lines,
            total=total,
            method=PaymentMethod.ACCOUNT,
            placed_at=self._now,
            version=1,
        )
        # The session first: it alone can still refuse.
        self._track(order, visit, token, empty_cart=command.cart is None)
        self._take_stock(order)
        self._charge(order, account)
        self._uow.orders.add(order, order.placed(actor=Actor.CUSTOMER))
        self.made[order.id] = order
        return order.id

    def issued(self, order: Order) -> SessionToken | None:
        """Return the token that the visitor who placed an order here has to hold from now on."""
        if order.id not in self._tokens:
            return None
        return self._visits[self._tokens[order.id]].issued

    def _priced(self, cart: Cart) -> tuple[OrderLine, ...]:
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
            for product in (self._product(line.sku),)
        )

    def _product(self, sku: str) -> Product:
        product = self._products.get(sku)
        if product is None or not product.active:
            raise ProductNotFound(sku=sku)
        return product

    def _require_stock(self, cart: Cart) -> None:
        shortages = tuple(
            shortage
            for line in cart.lines
            if (shortage := self._inventories[line.sku].shortage(line.quantity))
        )
        if shortages:
            raise OutOfStock(lines=shortages)

    def _track(
        self, order: Order, visit: Visit, token: SessionToken | None, *, empty_cart: bool
    ) -> None:
        session = visit.session.tracking(order.id)
        if empty_cart:
            session = session.with_cart(Cart())
        self._visits[token] = self._admission.keep(self._uow, visit, session)
        self._tokens[order.id] = token

    def _take_stock(self, order: Order) -> None:
        for line in order.lines:
            before = self._inventories[line.sku]
            after = before.take(line.quantity)
            movement = Movement.between(
                before,
                after,
                id=self._ids.new(),
                kind=MovementKind.SALE,
                order_id=order.id,
                reason="",
                created_at=self._now,
            )
            self._inventories[line.sku] = after
            self._uow.inventories.save(after, movement)

    def _charge(self, order: Order, account: Account) -> None:
        self._accounts[account.user_id] = account
        self._uow.accounts.save(account)
        self._uow.payments.add(_captured(order))
        self._uow.transfers.add(
            Transfer(
                id=self._ids.new(),
                kind=TransferKind.CHARGE,
                debit_account_id=account.id,
                credit_account_id=ShopAccount.SALES.id_in(self._currency),
                amount=order.total,
                order_id=order.id,
                note="",
                created_at=self._now,
            )
        )


def _wanted(command: PlaceOrder, visit: Visit) -> Cart:
    return visit.session.cart if command.cart is None else command.cart


def _captured(order: Order) -> Payment:
    return Payment(
        order_id=order.id,
        method=PaymentMethod.ACCOUNT,
        status=PaymentStatus.CAPTURED,
        amount=order.total,
        created_at=order.placed_at,
    )
