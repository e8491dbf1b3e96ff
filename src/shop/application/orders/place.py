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

from shop.application.admission import Admission, Arrivals, Visit
from shop.application.announcements import Announcements
from shop.application.group_commit import answer_or_refusal
from shop.application.idempotency import (
    Claims,
    Pending,
    Reply,
    Request,
    fingerprint,
    made_earlier,
    require_undecided,
    sound,
)
from shop.application.orders.goods import Goods
from shop.application.orders.placed import PlacedOrder, as_paid, placed_earlier
from shop.application.payments import PaymentTerms
from shop.application.ports.clock import Clock
from shop.application.ports.idempotency import Claim, KeyId
from shop.application.ports.ids import Ids
from shop.application.ports.outbox import Job, JobKind
from shop.application.ports.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transact import Transact
from shop.domain.account import Account, ShopAccount, Transfer, TransferKind
from shop.domain.cart import Cart, EmptyCart
from shop.domain.catalogue import Product, ProductNotFound
from shop.domain.inventory import MovementKind
from shop.domain.money import Money
from shop.domain.order import Actor, Order, OrderLine, OrderStatus, PriceChanged
from shop.domain.payment import CardCharge, Payment, PaymentMethod, PaymentStatus


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
        transact: Transact,
        admission: Admission,
        clock: Clock,
        ids: Ids,
        announcements: Announcements,
        terms: PaymentTerms,
    ) -> None:
        self._transact = transact
        self._admission = admission
        self._clock = clock
        self._ids = ids
        self._announcements = announcements
        self._terms = terms

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
        if claims.undecided:
            claims.await_outcome(await uow.orders.under_keys(claims.undecided))
        verdicts = [claims.decide(request, desk.place) for request in requests]
        for placed in desk.made.values():
            self._announce(uow, placed)
        earlier = await placed_earlier(uow, made_earlier(verdicts, desk.made))
        require_undecided(
            verdicts,
            {id_ for id_, each in earlier.items() if each.order.status is not OrderStatus.PENDING},
        )
        await uow.commit()
        return [verdict.reply({**earlier, **desk.made}) for verdict in verdicts]

    def _request(self, arrivals: Arrivals, command: PlaceOrder) -> Request[PlaceOrder]:
        visit = arrivals.signed_in(command.session)
        if command.expected_total is not None:
            command.expected_total.require_currency(self._terms.currency)
        return Request(
            command=command,
            visit=visit,
            claim=Claim(
                id=KeyId(user_id=visit.signed_in_user.id, key=command.key),
                fingerprint=fingerprint(
                    "order",
                    cart=command.cart,
                    method=_method(command),
                    card=command.card,
                    expected_total=command.expected_total,
                ),
                created_at=self._clock.now(),
            ),
        )

    def _announce(self, uow: UnitOfWork, placed: PlacedOrder) -> None:
        self._announcements.order_placed(uow, placed.order, placed.payment)
        if placed.order.status is OrderStatus.PAID:
            self._announcements.order_paid(uow, placed.order, placed.payment)

    async def _open_desk(self, uow: UnitOfWork, requests: Sequence[Request[PlaceOrder]]) -> "_Desk":
        user_ids = {request.visit.signed_in_user.id for request in requests}
        skus = {
            line.sku
            for request in requests
            for line in _wanted(request.command, request.visit).lines
        }
        now = self._clock.now()
        accounts = await uow.accounts.lock_of_users(user_ids, self._terms.currency)
        products = await uow.products.get_many(skus)
        inventories = await uow.inventories.lock(skus)
        return _Desk(
            uow=uow,
            admission=self._admission,
            ids=self._ids,
            now=now,
            accounts=accounts,
            products=products,
            goods=Goods(uow, self._ids, self._announcements, now, inventories),
            terms=self._terms,
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
        goods: Goods,
        terms: PaymentTerms,
    ) -> None:
        self._uow = uow
        self._admission = admission
        self._ids = ids
        self._now = now
        self._accounts = dict(accounts)
        self._products = products
        self._goods = goods
        self._terms = terms
        self._visits: dict[SessionToken | None, Visit] = {}
        self.made: dict[UUID, PlacedOrder] = {}

    def place(self, request: Request[PlaceOrder]) -> UUID | Pending:
        """Decide one order by the rules of the domain, then stage it; return its id."""
        command = request.command
        token = request.visit.token
        visit = self._visits.get(token, request.visit)
        cart = _wanted(command, visit)
        lines = self._priced(cart)
        total = Money.total((line.amount for line in lines), self._terms.currency)
        if command.expected_total is not None and command.expected_total != total:
            raise PriceChanged(expected=command.expected_total, total=total)
        self._goods.require(cart)
        order = Order(
            id=self._ids.new(),
            number=self._ids.order_number(),
            user_id=visit.signed_in_user.id,
            idempotency_key=command.key,
            status=OrderStatus.PAID if command.card is None else OrderStatus.PENDING,
            lines=lines,
            total=total,
            method=_method(command),
            placed_at=self._now,
            version=1,
        )
        if command.card is not None:
            return self._hold(order, visit, command.card, empties_cart=command.cart is None)
        account = self._accounts[order.user_id].withdraw(total)
        # The session first: it alone can still refuse.
        visit = self._track(order, visit, token, empty_cart=command.cart is None)
        self._goods.move(order, MovementKind.SALE)
        self._charge(order, account)
        self._add(order, as_paid(order), visit.issued)
        return order.id

    def _hold(self, order: Order, visit: Visit, card: str, *, empties_cart: bool) -> Pending:
        """Stage an order that waits for its card, and a look at it should nobody come back."""
        charge = CardCharge(
            token=card,
            gateway_id=None,
            expires_at=self._now + self._terms.hold,
            session_id=visit.session.id,
            empties_cart=empties_cart,
        )
        payment = Payment(
            order_id=order.id,
            method=order.method,
            status=PaymentStatus.PENDING,
            amount=order.total,
            card=charge,
            created_at=self._now,
        )
        self._goods.move(order, MovementKind.RESERVATION)
        self._uow.outbox.add(
            Job.new(
                JobKind.RESOLVE,
                order.id,
                at=self._now,
                due_at=min(self._now + self._terms.patience, charge.expires_at),
            )
        )
        self._add(order, payment, issued=None)
        return Pending(reference=order.id)

    def _add(self, order: Order, payment: Payment, issued: SessionToken | None) -> None:
        self._uow.orders.add(order, order.placed(actor=Actor.CUSTOMER))
        self._uow.payments.add(payment)
        self.made[order.id] = PlacedOrder(order=order, payment=payment, issued=issued)

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

    def _track(
        self, order: Order, visit: Visit, token: SessionToken | None, *, empty_cart: bool
    ) -> Visit:
        session = visit.session.tracking(order.id)
        if empty_cart:
            session = session.with_cart(Cart())
        kept = self._visits[token] = self._admission.keep(self._uow, visit, session)
        return kept

    def _charge(self, order: Order, account: Account) -> None:
        self._accounts[account.user_id] = account
        self._uow.accounts.save(account)
        self._uow.transfers.add(
            Transfer(
                id=self._ids.new(),
                kind=TransferKind.CHARGE,
                debit_account_id=account.id,
                credit_account_id=ShopAccount.SALES.id_in(self._terms.currency),
                amount=order.total,
                order_id=order.id,
                note="",
                created_at=self._now,
            )
        )


def _wanted(command: PlaceOrder, visit: Visit) -> Cart:
    return visit.session.cart if command.cart is None else command.cart


def _method(command: PlaceOrder) -> PaymentMethod:
    return PaymentMethod.ACCOUNT if command.card is None else PaymentMethod.CARD
