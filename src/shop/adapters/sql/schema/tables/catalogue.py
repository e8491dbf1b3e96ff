"""What the shop sells."""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Table, Text

from shop.adapters.sql.schema.column_types import UtcDateTime
from shop.adapters.sql.schema.tables.metadata import ByteOrderedText, metadata

products = Table(
    "products",
    metadata,
    Column("sku", ByteOrderedText, primary_key=True),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("price", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("image_url", Text),
    # SKU and name, case-folded here because the engines fold differently.
    Column("search_text", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    CheckConstraint("price > 0", name="price_positive"),
)
