"""Stock, and its movements."""

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Table, Text, Uuid

from shop.adapters.sql.schema.column_types import UtcDateTime
from shop.adapters.sql.schema.tables.metadata import ByteOrderedText, metadata

# No foreign key to variants, which servers of an older release do not add.
inventories = Table(
    "inventories",
    metadata,
    Column("sku", ByteOrderedText, primary_key=True),
    Column("on_hand", BigInteger, nullable=False),
    Column("reserved", BigInteger, nullable=False),
    CheckConstraint("0 <= reserved AND reserved <= on_hand", name="reserved_on_hand"),
)

stock_movements = Table(
    "stock_movements",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("sku", ByteOrderedText, ForeignKey("inventories.sku"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("on_hand_delta", BigInteger, nullable=False),
    Column("reserved_delta", BigInteger, nullable=False),
    Column("order_id", Uuid),
    Column("reason", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index(None, "sku", "created_at"),
)
