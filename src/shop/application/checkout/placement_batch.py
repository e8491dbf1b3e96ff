"""Decides a group of orders on the rows that the unit of work has locked."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import field
from datetime import datetime

from shop.application.checkout.buyers import Buyers
from shop.application.checkout.order_prices import OrderPrice, OrderPrices, OrderToPrice
from shop.application.checkout.placed_order import PlacedOrder
from shop.application.checkout.placement_sessions import codes_of
from shop.application.idempotency.batch import IdempotentRequest
from shop.application.identity.authentication import CurrentSession, SessionAuthenticator
from shop.application.identity.session_carts import SessionCarts
from shop.application.inventory.order_stock import OrderStock
from shop.application.notifications.events import Notifications
from shop.application.payments.card_attempts import CardAttempts, counted_since
from shop.application.payments.methods.order_payments import OrderPayments, PaymentInstruction
from shop.application.payments.payment_policy import PaymentPolicy
from shop.application.ports.id_generator import IdGenerator
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.rows_wanted import RowsWanted
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.address import Address, AddressFault, InvalidAddress
from shop.domain.cart import Cart
from shop.domain.cart_problems import find_cart_problems
from shop.domain.catalogue.variant import SoldVariant
from shop.domain.customer_cart import EMPTY_CART, CartContent
from shop.domain.inventory import StockMovementKind
from shop.domain.orders.order import Actor, Order, OrderLine, OrderStatus
from shop.domain.orders.order_details import NO_DETAILS, OrderDetails
from shop.domain.orders.price_changed import PriceChanged
from shop.domain.payment import PaymentMethod
from shop.domain.session import Session
from shop.domain.shared.errors import InvalidValue, ShopError
from shop.domain.shared.money import Money
from shop.domain.shared.value import value


@value
class PlaceOrder:
    """Order these lines, or the session's cart if `cart` is None.

    `card` is the token of the card that pays; without one, the account pays if `has_payment`.
    `details` are as the request has them, `checked_details` in their normal form, or the error of
    those that have none.
    """

    session: SessionToken | None
    key: str
    cart: Cart | None
    card: str | None = field(repr=False)
    expected_total: Money | None
    has_payment: bool = True
    details: OrderDetails = NO_DETAILS
    checked_details: OrderDetails | ShopError | None = None
    client_address: str = field(default="", repr=False)

    @property
    def payment_method(self) -> PaymentMethod:
        """The method that is to pay."""
        if not self.has_payment:
            return PaymentMethod.NONE
        return PaymentMethod.ACCOUNT if self.card is None else PaymentMethod.CARD

    def rows(self, now: datetime, *, known_rules: int, promotions: Collection[str]) -> RowsWanted:
        """Return the rows that it needs, with those of promotions that apply without a code."""
        details = self.details if self.checked_details is None else self.checked_details
        return RowsWanted(
            session=self.session,
            has_account=True,
            idempotency_key=self.key,
            has_cart=True,
            takes_cart=self.cart is None,
            product_skus=() if self.cart is None else [line.sku for line in self.cart.lines],
            card_use_since=None if self.payment_method.is_immediate else counted_since(now),
            known_rules=known_rules,
            promotions=promotions,
            codes=() if isinstance(details, ShopError) else details.codes or (),
        )


@value
class PlacementRows:
    """The rows of a group of orders: sessions by token, variants by SKU."""

    current_sessions: Mapping[SessionToken | None, CurrentSession]
    buyers: Buyers
    carts: SessionCarts
    variants: Mapping[str, SoldVariant]
    payments: Mapping[PaymentMethod, OrderPayments]
    card_attempts: CardAttempts
    stock: OrderStock
    prices: OrderPrices
    address_faults: Mapping[Address, Sequence[AddressFault]]
    """Of the addresses that orders take from carts."""


class PlacementBatch:
    """Decides a group of orders, each on the rows as the one before left them."""

    def __init__(
        self,
        *,
        uow: UnitOfWork,
        authenticator: SessionAuthenticator,
        ids: IdGenerator,
        notifications: Notifications,
        policy: PaymentPolicy,
        now: datetime,
        rows: PlacementRows,
    ) -> None:
        self._uow = uow
        self._authenticator = authenticator
        self._ids = ids
        self._notifications = notifications
        self._policy = policy
        self._now = now
        self._resolve_at = policy.resolve_at(now)
        self._expires_at = policy.expires_at(now)
        self._current_sessions = dict(rows.current_sessions)
        self._buyers = rows.buyers
        self._carts = rows.carts
        self._variants = rows.variants
        self._payments = rows.payments
        self._card_attempts = rows.card_attempts
        self._stock = rows.stock
        self._prices = rows.prices
        self._address_faults = rows.address_faults

    def place(self, request: IdempotentRequest[PlaceOrder]) -> PlacedOrder:
        """Create and stage one order, or raise an error before anything is staged."""
        command = request.command
        current_session = self._current_sessions[command.session]
        content = self._carts.content_to_order(current_session.session)
        details = requested_details(command, content)
        self._require_valid_addresses(command, details)
        self._buyers.require_details(current_session, details)
        cart = requested_cart(command, content)
        problems = find_cart_problems(cart, self._variants, self._stock.inventories)
        problems.require_for_sale()
        self._policy.limits.require_quantities(cart)
        to_price = OrderToPrice(cart=cart, details=details, user_id=current_session.session.user_id)
        price = self._prices.price(to_price)
        order = self._new_order(request, cart, details, price)
        if command.expected_total is not None and command.expected_total != order.total:
            raise PriceChanged.of(order, expected=command.expected_total)
        if order.total.amount and not command.has_payment:
            rule = "is required for an order that costs something"
            raise InvalidValue(field="payment", rule=rule)
        problems.require_available()
        is_pending = order.status is OrderStatus.PENDING
        if is_pending:
            self._card_attempts.require_order(order.user_id)
        payments = self._payments[order.payment_method]
        payments.require_funds(order)
        new_token = None
        if not is_pending or current_session.user is None:
            # Before anything is staged: a session can still reject the order.
            new_token = self._remember_in_session(order, command)
            self._buyers.add_guest(self._uow, order.user_id, details, at=self._now)
        payment = payments.begin(
            order,
            PaymentInstruction(
                card_token=command.card,
                session_id=current_session.session.id,
                clears_cart=command.cart is None,
                resolve_at=self._resolve_at,
                expires_at=self._expires_at,
            ),
        )
        if is_pending:
            self._card_attempts.add_order(order.user_id)
        self._stock.apply(order, _STOCK_MOVEMENTS[order.status])
        self._prices.take_promotions(order, to_price)
        self._uow.orders.add(order, order.initial_status_change(actor=Actor.CUSTOMER))
        self._uow.payments.add(payment)
        self._notifications.order_placed(self._uow, order, payment)
        if order.status is OrderStatus.PAID:
            self._notifications.order_paid(self._uow, order, payment)
        return PlacedOrder(order=order, payment=payment, new_token=new_token)

    def _require_valid_addresses(self, command: PlaceOrder, details: OrderDetails) -> None:
        faults = [
            AddressFault(member=f"{member}/{fault.member}", rule=fault.rule)
            for member, address in addresses_of_cart(command, details)
            for fault in self._address_faults[address]
        ]
        if faults:
            raise InvalidAddress.of(faults)

    def keep_guest(self, request: IdempotentRequest[PlaceOrder]) -> None:
        """Stage the new guest of a rejected order, whose key keeps the rejection.

        Raise `SessionConflict` if the session cannot be bound to the guest.
        """
        command, guest_id = request.command, request.key.user_id
        if guest_id in self._buyers.new_guests:
            current_session = self._current_sessions[command.session]
            content = self._carts.content(current_session.session)
            details = requested_details(command, content)
            self._save_session(command, current_session.session.with_guest(guest_id))
            self._buyers.add_guest(self._uow, guest_id, details, at=self._now)

    def new_token(self, command: PlaceOrder) -> SessionToken | None:
        """Return the token of the command's session if it has a new one."""
        current_session = self._current_sessions.get(command.session)
        return None if current_session is None else current_session.new_token

    def _new_order(
        self,
        request: IdempotentRequest[PlaceOrder],
        cart: Cart,
        details: OrderDetails,
        price: OrderPrice,
    ) -> Order:
        method = request.command.payment_method if price.total.amount else PaymentMethod.NONE
        return Order(
            id=self._ids.new(),
            number=self._ids.order_number(),
            idempotency_key=request.key,
            status=OrderStatus.PAID if method.is_immediate else OrderStatus.PENDING,
            lines=tuple(self._order_line(line.sku, line.quantity) for line in cart.lines),
            total=price.total,
            payment_method=method,
            placed_at=self._now,
            version=1,
            has_fulfilment=False,
            pricing=price.pricing,
            details=details.as_placed(price.shipping_method),
        )

    def _order_line(self, sku: str, quantity: int) -> OrderLine:
        variant = self._variants[sku]
        return OrderLine(
            sku=sku,
            name=variant.name,
            quantity=quantity,
            unit_price=variant.price,
            product=variant.product,
            options=variant.options,
            image=variant.image_url,
        )

    def _remember_in_session(self, order: Order, command: PlaceOrder) -> SessionToken | None:
        current_session = self._current_sessions[command.session]
        session = current_session.session
        if current_session.user is None:
            # Each order of a guest writes the session, so that two at once exclude each other.
            session = session.with_guest(order.user_id)
        if order.status is OrderStatus.PAID:
            session = session.with_last_order(order.id)
            if command.cart is None:
                session = self._carts.save(session, EMPTY_CART)
            elif codes := codes_of(order):
                content = self._carts.content(session)
                if (left := content.without_codes(codes)) != content:
                    session = self._carts.save(session, left)
        return self._save_session(command, session)

    def _save_session(self, command: PlaceOrder, session: Session) -> SessionToken | None:
        current_session = self._current_sessions[command.session]
        saved = self._authenticator.save(self._uow, current_session, session)
        self._current_sessions[command.session] = saved
        return saved.new_token


_STOCK_MOVEMENTS: Mapping[OrderStatus, StockMovementKind] = {
    OrderStatus.PAID: StockMovementKind.SALE,
    OrderStatus.PENDING: StockMovementKind.RESERVATION,
}
"""The stock movement of a new order, by its status."""


def requested_cart(command: PlaceOrder, content: CartContent) -> Cart:
    """Return the command's own lines, or else those of the session's cart."""
    return content.cart if command.cart is None else command.cart


def requested_details(command: PlaceOrder, content: CartContent) -> OrderDetails:
    """Return the command's own details, and the cart's for what the command does not give.

    Raise the error of details without a normal form.
    """
    checked = command.checked_details
    if isinstance(checked, ShopError):
        raise checked
    own = command.details if checked is None else checked
    return own.or_else(content.details)


def addresses_of_cart(command: PlaceOrder, details: OrderDetails) -> Sequence[tuple[str, Address]]:
    """Return which of an order's addresses are the cart's, each with its member.

    The rules of their countries can have changed since they were entered.
    """
    if details.is_empty:
        return ()
    given = dict(command.details.addresses)
    return [(member, address) for member, address in details.addresses if member not in given]
