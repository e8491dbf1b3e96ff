"""Accounts, and the money that moves between them."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

from shop.adapters.sql.schema.column_types import UtcDateTime
from shop.adapters.sql.schema.tables.metadata import ByteOrderedText, metadata

# The shop's own accounts have no user and no balance, which every order would update (decision 7).
accounts = Table(
    "accounts",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("user_id", Uuid, ForeignKey("users.id")),
    Column("currency", Text, nullable=False),
    Column("balance", BigInteger),
    Column("minimum_balance", BigInteger),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("user_id", "currency"),
    CheckConstraint("balance >= minimum_balance", name="balance_not_below_limit"),
    CheckConstraint(
        "(kind = 'customer') = (user_id IS NOT NULL)"
        " AND (kind = 'customer') = (balance IS NOT NULL)"
        " AND (kind = 'customer') = (minimum_balance IS NOT NULL)",
        name="customers_have_balances",
    ),
)

# No foreign keys to accounts, because every order would lock the rows of the shop's accounts.
transfers = Table(
    "transfers",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("debit_account_id", Uuid, nullable=False),
    Column("credit_account_id", Uuid, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("order_id", Uuid),
    Column("note", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    CheckConstraint("amount > 0", name="amount_positive"),
    CheckConstraint("debit_account_id <> credit_account_id", name="two_accounts"),
    Index(None, "debit_account_id", "created_at", "id"),
    Index(None, "credit_account_id", "created_at", "id"),
)

# Once the card is authorised, a transfer has the same id.
deposits = Table(
    "deposits",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey("users.id"), nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("idempotency_key", ByteOrderedText, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("card_token", Text, nullable=False),
    Column("gateway_payment_id", Text),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("user_id", "idempotency_key"),
    CheckConstraint("amount > 0", name="amount_positive"),
    Index(None, "created_at", "id"),
    Index(None, "user_id", "created_at", "id"),
)
