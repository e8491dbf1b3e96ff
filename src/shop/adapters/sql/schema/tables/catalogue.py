"""What the shop sells: products, their variants, and where to find them."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
    true,
)

from shop.adapters.sql.schema.column_types import JsonText, SearchVector, UtcDateTime
from shop.adapters.sql.schema.tables.metadata import ByteOrderedText, metadata

_ON_SALE = text("active AND archived_at IS NULL")

# `sku` is the handle. `price` and `currency` are for servers of an older release, which know no
# variants: it is the lowest price.
products = Table(
    "products",
    metadata,
    Column("sku", ByteOrderedText, primary_key=True),
    Column("name", ByteOrderedText, nullable=False),
    Column("description", Text, nullable=False),
    Column("price", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("image_url", Text),
    # SKU and name, case-folded here because the engines fold differently.
    Column("search_text", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("options", JsonText, nullable=False, server_default="[]"),
    Column("safety", JsonText),
    Column("seo", JsonText),
    Column("archived_at", UtcDateTime),
    # Of the active variants; null if there are none.
    Column("min_price", BigInteger),
    # The number in `product_texts`: the later a product was added, the higher.
    Column("search_id", BigInteger),
    CheckConstraint("price > 0", name="price_positive"),
    Index(None, "search_id", unique=True),
    Index(
        "ix_products_created_at_sku_on_sale",
        "created_at",
        "sku",
        postgresql_where=_ON_SALE,
        sqlite_where=_ON_SALE,
    ),
    Index(
        "ix_products_min_price_sku_on_sale",
        "min_price",
        "sku",
        postgresql_where=_ON_SALE,
        sqlite_where=_ON_SALE,
    ),
    Index(
        "ix_products_name_sku_on_sale",
        "name",
        "sku",
        postgresql_where=_ON_SALE,
        sqlite_where=_ON_SALE,
    ),
)

# `product_name`, `image_url` and `for_sale` are the product's, so that an order reads one row.
variants = Table(
    "variants",
    metadata,
    Column("sku", ByteOrderedText, primary_key=True),
    Column("product_handle", ByteOrderedText, ForeignKey("products.sku"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("price", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("compare_at_price", BigInteger),
    # The values by the names of the product's options, in their order.
    Column("options", JsonText, nullable=False, server_default="{}"),
    Column("weight_grams", Integer, nullable=False, server_default="0"),
    Column("tax_category", Text, nullable=False, server_default="standard"),
    Column("barcode", Text),
    Column("ships", Boolean, nullable=False, server_default=true()),
    Column("active", Boolean, nullable=False, server_default=true()),
    Column("archived_at", UtcDateTime),
    Column("product_name", Text, nullable=False),
    Column("image_url", Text),
    Column("for_sale", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    CheckConstraint("price > 0", name="price_positive"),
    CheckConstraint("compare_at_price > price", name="compare_at_price_higher"),
    CheckConstraint("weight_grams >= 0", name="weight_not_negative"),
    Index(None, "product_handle", "position"),
)

categories = Table(
    "categories",
    metadata,
    Column("slug", ByteOrderedText, primary_key=True),
    Column("name", Text, nullable=False),
    Column("parent", ByteOrderedText),
    Column("position", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Index(None, "parent"),
)

# Categories that are deleted; a job takes their products out of them.
ended_categories = Table(
    "ended_categories",
    metadata,
    Column("slug", ByteOrderedText, primary_key=True),
    Column("id", Uuid, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

product_categories = Table(
    "product_categories",
    metadata,
    Column("product_handle", ByteOrderedText, ForeignKey("products.sku"), primary_key=True),
    Column("category_slug", ByteOrderedText, primary_key=True),
    Index(None, "category_slug"),
)

price_changes = Table(
    "price_changes",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("sku", ByteOrderedText, ForeignKey("variants.sku"), nullable=False),
    Column("price", BigInteger, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index(None, "sku", "created_at"),
)

product_images = Table(
    "product_images",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("product_handle", ByteOrderedText, ForeignKey("products.sku"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("alt", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("sizes", JsonText, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index(None, "product_handle", "position"),
)

# The tokens of each product (`search_terms`). PostgreSQL searches this table by its index. SQLite
# keeps them as text with spaces, and triggers keep the full-text index `product_search` like it.
product_texts = Table(
    "product_texts",
    metadata,
    Column("search_id", BigInteger, primary_key=True, autoincrement=False),
    Column("product_handle", ByteOrderedText, ForeignKey("products.sku"), nullable=False),
    Column("tokens", Text().with_variant(SearchVector(), "postgresql"), nullable=False),
    UniqueConstraint("product_handle"),
    Index(None, "tokens", postgresql_using="gin", postgresql_with={"fastupdate": "off"}).ddl_if(
        dialect="postgresql"
    ),
)

# `running` is true until the import has ended, then null: one can run at a time.
imports = Table(
    "imports",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey("users.id"), nullable=False),
    Column("status", Text, nullable=False),
    Column("running", Boolean),
    Column("dry_run", Boolean, nullable=False),
    Column("format", Text),
    Column("encoding", Text),
    Column("rows", Integer, nullable=False, server_default="0"),
    Column("applied", Integer, nullable=False, server_default="0"),
    Column("added", Integer, nullable=False, server_default="0"),
    Column("changed", Integer, nullable=False, server_default="0"),
    Column("unchanged", Integer, nullable=False, server_default="0"),
    Column("errors", JsonText, nullable=False, server_default="[]"),
    Column("remarks", JsonText, nullable=False, server_default="[]"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    UniqueConstraint("running"),
)
