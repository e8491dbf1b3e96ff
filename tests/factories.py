"""Valid entities, each to be made different in any field; the same call makes the same entity."""

from collections.abc import Collection, Mapping
from dataclasses import Field, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Protocol, TypeVar
from uuid import NAMESPACE_OID, UUID, uuid5

from shop.application.ports.repositories.idempotency_keys import KeyRecord
from shop.application.ports.repositories.orders import OrderFilter
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.account import Account, ShopAccount, Transfer, TransferKind
from shop.domain.catalogue.category import Category
from shop.domain.catalogue.product import Product
from shop.domain.catalogue.variant import SoldVariant, Variant
from shop.domain.deposit import Deposit
from shop.domain.inventory import Inventory, StockMovement, StockMovementKind
from shop.domain.notification import (
    EventType,
    NotificationChannel,
    NotificationDelivery,
    NotificationDeliveryStatus,
)
from shop.domain.orders.order import Actor, Order, OrderLine, OrderStatus
from shop.domain.orders.refund import Refund, RefundStatus
from shop.domain.orders.shipment import ShipmentEvent, ShipmentEventKind
from shop.domain.payment import CardDetails, Payment, PaymentMethod, PaymentStatus
from shop.domain.session import Session
from shop.domain.shared.idempotency_key import IdempotencyKey
from shop.domain.shared.line_quantity import LineQuantity
from shop.domain.shared.money import Currency, Money
from shop.domain.user import Role, User

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
EUR = Currency("EUR")
USD = Currency("USD")
SALES = ShopAccount.SALES.account_id(EUR)
ADJUSTMENTS = ShopAccount.ADJUSTMENTS.account_id(EUR)


def id_of(name: str) -> UUID:
    """Return the id that belongs to a name, in every test the same."""
    return uuid5(NAMESPACE_OID, name)


def eur(amount: int) -> Money:
    return Money(amount=amount, currency=EUR)


def user(name: str = "ada", /, **changes: object) -> User:
    default = User(
        id=id_of(f"user {name}"),
        name=name.title(),
        email=f"{name}@example.com",
        password_hash=f"hash of {name}",
        roles=frozenset({Role.CUSTOMER}),
        enabled=True,
        created_at=NOW,
    )
    return _changed(default, changes)


def account(owner: User, balance: int = 0, /, **changes: object) -> Account:
    default = Account(
        id=id_of(f"account of {owner.id}"),
        user_id=owner.id,
        balance=eur(balance),
        minimum_balance=eur(0),
        created_at=NOW,
    )
    return _changed(default, changes)


def transfer(debit: UUID, credit: UUID, amount: int = 100, /, **changes: object) -> Transfer:
    """Return a transfer; two of one amount between the same accounts need ids of their own."""
    default = Transfer(
        id=id_of(f"transfer {debit} {credit} {amount}"),
        kind=TransferKind.TRANSFER,
        debit_account_id=debit,
        credit_account_id=credit,
        amount=eur(amount),
        order_id=None,
        note="Thanks",
        created_at=NOW,
    )
    return _changed(default, changes)


def welcome_transfer(account: Account, /, **changes: object) -> Transfer:
    """Return the transfer that accounts for the balance of a new account."""
    default = transfer(
        ADJUSTMENTS, account.id, account.balance.amount, kind=TransferKind.WELCOME, note="Welcome"
    )
    return _changed(default, changes)


def product(handle: str = "TEA", /, price: Money | None = None, **changes: object) -> Product:
    """Return a product with one variant, which has its handle as SKU."""
    default = Product(
        handle=handle,
        name=f"The {handle.lower()}",
        description="As good as it gets.",
        active=True,
        image_url=None,
        variants=(Variant(sku=handle, price=price or eur(500)),),
        created_at=NOW,
        updated_at=NOW,
    )
    return _changed(default, changes)


def variant(sku: str = "TEA", price: int = 500, /, **changes: object) -> Variant:
    return _changed(Variant(sku=sku, price=eur(price)), changes)


def sold_variant(sku: str = "TEA", /, price: Money | None = None, **changes: object) -> SoldVariant:
    """Return the only variant of such a product as carts and orders read it."""
    of_product = product(sku, price=price)
    return _changed(of_product.sold(of_product.variants[0]), changes)


def category(slug: str, name: str = "", /, **changes: object) -> Category:
    default = Category(slug=slug, name=name or slug.title(), parent=None, position=0)
    return _changed(default, changes)


def inventory(sku: str = "TEA", on_hand: int = 0, reserved: int = 0) -> Inventory:
    return Inventory(sku=sku, on_hand=on_hand, reserved=reserved)


def stock_movement(before: Inventory, after: Inventory, /, **changes: object) -> StockMovement:
    default = StockMovement.between(
        before,
        after,
        id=id_of(f"movement {before} {after}"),
        kind=StockMovementKind.ADJUSTMENT,
        order_id=None,
        reason="Delivery",
        created_at=NOW,
    )
    return _changed(default, changes)


def line(sku: str = "TEA", quantity: int = 1, /, **changes: object) -> OrderLine:
    default = OrderLine(sku=sku, name=f"The {sku.lower()}", quantity=quantity, unit_price=eur(500))
    return _changed(default, changes)


def order(customer: User, name: str = "1", /, *lines: OrderLine, **changes: object) -> Order:
    order_lines = lines or (line(),)
    default = Order(
        id=id_of(f"order {name}"),
        number=f"ORDER-{name}",
        idempotency_key=key_of(customer, f"key-of-order-{name}"),
        status=OrderStatus.PAID,
        lines=order_lines,
        total=Money.total((each.amount for each in order_lines), EUR),
        payment_method=PaymentMethod.ACCOUNT,
        placed_at=NOW,
        version=1,
        has_fulfilment=False,
    )
    return _changed(default, changes)


def order_filter(**changes: object) -> OrderFilter:
    """Return the filter that leaves no order out."""
    default = OrderFilter(
        user_id=None, status=None, words="", placed_after=None, placed_before=None
    )
    return _changed(default, changes)


def payment(order: Order, /, **changes: object) -> Payment:
    default = Payment(
        order_id=order.id,
        method=order.payment_method,
        status=PaymentStatus.CAPTURED,
        amount=order.total,
        card=None,
        created_at=order.placed_at,
    )
    return _changed(default, changes)


def card_details(**changes: object) -> CardDetails:
    default = CardDetails(
        token="tok_visa",
        gateway_payment_id=None,
        expires_at=NOW + timedelta(minutes=15),
        session_id=id_of("session 1"),
        clears_cart=True,
    )
    return _changed(default, changes)


def deposit(account: Account, name: str = "1", /, **changes: object) -> Deposit:
    default = Deposit(
        id=id_of(f"deposit {name}"),
        account_id=account.id,
        idempotency_key=IdempotencyKey(user_id=account.user_id, value=f"key-of-deposit-{name}"),
        amount=eur(300),
        status=PaymentStatus.PENDING,
        token="tok_visa",
        gateway_payment_id=None,
        expires_at=NOW + timedelta(minutes=15),
        created_at=NOW,
    )
    return _changed(default, changes)


def line_quantities(**quantities: int) -> tuple[LineQuantity, ...]:
    """Return so many of each of these products."""
    return tuple(LineQuantity(sku=sku, quantity=each) for sku, each in quantities.items())


def shipment_event(
    order: Order,
    name: str = "1",
    /,
    *lines: LineQuantity,
    kind: ShipmentEventKind,
    **changes: object,
) -> ShipmentEvent:
    """Return a shipment event of these quantities, or of the whole order."""
    all_lines = tuple(LineQuantity(sku=each.sku, quantity=each.quantity) for each in order.lines)
    default = ShipmentEvent(
        id=id_of(f"{kind} {name} of {order.id}"),
        order_id=order.id,
        kind=kind,
        lines=lines or all_lines,
        actor=Actor.ADMIN,
        created_at=NOW,
    )
    return _changed(default, changes)


def refund(order: Order, amount: int, number: int = 1, /, **changes: object) -> Refund:
    """Return a refund of an amount to the account, without lines."""
    default = Refund(
        id=id_of(f"refund {number} of {order.id}"),
        order_id=order.id,
        number=number,
        amount=eur(amount),
        to=PaymentMethod.ACCOUNT,
        reason="Broken",
        lines=(),
        restocked=False,
        status=RefundStatus.SUCCEEDED,
        gateway_response=None,
        actor=Actor.ADMIN,
        created_at=NOW,
    )
    return _changed(default, changes)


def session(name: str = "1", /, **changes: object) -> Session:
    return _changed(Session.new(id=id_of(f"session {name}"), at=NOW), changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A claim of a key for a request of this fingerprint."""

    id: IdempotencyKey
    fingerprint: str
    created_at: datetime


def key_of(owner: User, value: str = "key-0001") -> IdempotencyKey:
    return IdempotencyKey(user_id=owner.id, value=value)


def claim(owner: User, key: str = "key-0001", /, **changes: object) -> Claim:
    default = Claim(id=key_of(owner, key), fingerprint=f"print of {key}", created_at=NOW)
    return _changed(default, changes)


async def claim_keys(
    uow: UnitOfWork, claims: Collection[Claim]
) -> Mapping[IdempotencyKey, KeyRecord]:
    """Claim keys, all at the latest of their times."""
    at = max((each.created_at for each in claims), default=NOW)
    return await uow.idempotency_keys.claim({each.id: each.fingerprint for each in claims}, at)


def notification_delivery(name: str = "1", /, **changes: object) -> NotificationDelivery:
    default = NotificationDelivery(
        id=id_of(f"delivery {name}"),
        event_type=EventType.ORDER_PAID,
        channel=NotificationChannel.WEBHOOK,
        recipient="https://example.com/hook",
        payload='{"type":"order.paid"}',
        status=NotificationDeliveryStatus.PENDING,
        attempts=0,
        last_status_code=None,
        last_error=None,
        created_at=NOW,
        delivered_at=None,
    )
    return _changed(default, changes)


class _Dataclass(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


E = TypeVar("E", bound=_Dataclass)


def _changed(entity: E, changes: Mapping[str, object]) -> E:
    return replace(entity, **changes)
