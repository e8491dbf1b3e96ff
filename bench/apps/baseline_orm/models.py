"""The shop's tables as classes of the ORM; the shop's own migrations create them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from shop.adapters.sql.schema.column_types import JsonText, RoleSet, UtcDateTime
from shop.domain.user import Role


class Base(DeclarativeBase):
    """The base class, with the column types of Python types."""

    type_annotation_map = {  # noqa: RUF012  SQLAlchemy requires it.
        int: BigInteger,
        datetime: UtcDateTime,
        frozenset[Role]: RoleSet,
        Mapping[str, Any]: JsonText,
    }


class User(Base):
    """A user who can sign in."""

    __tablename__ = "users"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str]
    roles: Mapped[frozenset[Role]]
    enabled: Mapped[bool]


class WebSession(Base):
    """A session of a visitor."""

    __tablename__ = "sessions"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    token_hash: Mapped[str]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    cart: Mapped[Mapping[str, Any]]
    last_order_id: Mapped[UUID | None]
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    version: Mapped[int]


class Account(Base):
    """A customer's account."""

    __tablename__ = "accounts"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    currency: Mapped[str]
    balance: Mapped[int]


class Product(Base):
    """A product for sale."""

    __tablename__ = "products"

    sku: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    price: Mapped[int]
    currency: Mapped[str]
    active: Mapped[bool]


class Inventory(Base):
    """The stock of a product."""

    __tablename__ = "inventories"

    sku: Mapped[str] = mapped_column(ForeignKey("products.sku"), primary_key=True)
    on_hand: Mapped[int]
    reserved: Mapped[int]


class StockMovement(Base):
    """A change of stock."""

    __tablename__ = "stock_movements"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    sku: Mapped[str] = mapped_column(ForeignKey("inventories.sku"))
    kind: Mapped[str]
    on_hand_delta: Mapped[int]
    reserved_delta: Mapped[int]
    order_id: Mapped[UUID | None]
    reason: Mapped[str]
    created_at: Mapped[datetime]


class OrderLine(Base):
    """A quantity of one product in an order."""

    __tablename__ = "order_lines"

    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    sku: Mapped[str]
    name: Mapped[str]
    quantity: Mapped[int]
    unit_price: Mapped[int]


class StatusChange(Base):
    """A change of an order's status."""

    __tablename__ = "order_events"

    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True)
    from_status: Mapped[str | None]
    to_status: Mapped[str]
    actor: Mapped[str]
    created_at: Mapped[datetime]


class Payment(Base):
    """The payment of an order."""

    __tablename__ = "payments"

    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    method: Mapped[str]
    status: Mapped[str]
    amount: Mapped[int]
    currency: Mapped[str]
    created_at: Mapped[datetime]


class Order(Base):
    """An order of a customer."""

    __tablename__ = "orders"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    idempotency_key: Mapped[str]
    status: Mapped[str]
    total: Mapped[int]
    currency: Mapped[str]
    payment_method: Mapped[str]
    placed_at: Mapped[datetime]
    version: Mapped[int]

    lines: Mapped[list[OrderLine]] = relationship()
    events: Mapped[list[StatusChange]] = relationship()
    payment: Mapped[Payment] = relationship()


class Transfer(Base):
    """A transfer of money between two accounts."""

    __tablename__ = "transfers"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    debit_account_id: Mapped[UUID]
    credit_account_id: Mapped[UUID]
    amount: Mapped[int]
    currency: Mapped[str]
    order_id: Mapped[UUID | None]
    note: Mapped[str]
    created_at: Mapped[datetime]


class IdempotencyKey(Base):
    """An idempotency key and the order that was placed with it."""

    __tablename__ = "idempotency_keys"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]
    reference: Mapped[UUID | None]
    created_at: Mapped[datetime]
