"""The tables of variants, categories, images and imports."""

import sqlalchemy as sa
from alembic import op

from shop.adapters.sql.schema.column_types import JsonText, UtcDateTime
from shop.adapters.sql.schema.migrations.revision_0009.constraints import (
    CODE,
    primary_key,
    reference,
)


def create_catalogue() -> None:
    """Create the tables and their indexes."""
    _create_variants()
    _create_categories()
    _create_images_and_imports()
    for table, columns in {
        "variants": ["product_handle", "position"],
        "price_changes": ["sku", "created_at"],
        "categories": ["parent"],
        "product_categories": ["category_slug"],
        "product_images": ["product_handle", "position"],
    }.items():
        op.create_index(f"ix_{table}_{'_'.join(columns)}", table, columns, if_not_exists=True)


def _create_variants() -> None:
    op.create_table(
        "variants",
        sa.Column("sku", CODE, nullable=False),
        sa.Column("product_handle", CODE, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("compare_at_price", sa.BigInteger()),
        sa.Column("options", JsonText(), nullable=False, server_default="{}"),
        sa.Column("weight_grams", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("tax_category", sa.Text(), nullable=False, server_default="standard"),
        sa.Column("barcode", sa.Text()),
        sa.Column("ships", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("active", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("archived_at", UtcDateTime()),
        sa.Column("product_name", sa.Text(), nullable=False),
        sa.Column("image_url", sa.Text()),
        sa.Column("for_sale", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("price > 0", name=op.f("ck_variants_price_positive")),
        sa.CheckConstraint(
            "compare_at_price > price", name=op.f("ck_variants_compare_at_price_higher")
        ),
        sa.CheckConstraint("weight_grams >= 0", name=op.f("ck_variants_weight_not_negative")),
        primary_key("variants", "sku"),
        reference("variants", "product_handle", "products.sku"),
        if_not_exists=True,
    )
    op.create_table(
        "price_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sku", CODE, nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        primary_key("price_changes", "id"),
        reference("price_changes", "sku", "variants.sku"),
        if_not_exists=True,
    )


def _create_categories() -> None:
    op.create_table(
        "categories",
        sa.Column("slug", CODE, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("parent", CODE),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        primary_key("categories", "slug"),
        if_not_exists=True,
    )
    op.create_table(
        "ended_categories",
        sa.Column("slug", CODE, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        primary_key("ended_categories", "slug"),
        if_not_exists=True,
    )
    op.create_table(
        "product_categories",
        sa.Column("product_handle", CODE, nullable=False),
        sa.Column("category_slug", CODE, nullable=False),
        primary_key("product_categories", "product_handle", "category_slug"),
        reference("product_categories", "product_handle", "products.sku"),
        if_not_exists=True,
    )


def _create_images_and_imports() -> None:
    op.create_table(
        "product_images",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("product_handle", CODE, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("alt", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("sizes", JsonText(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        primary_key("product_images", "id"),
        reference("product_images", "product_handle", "products.sku"),
        if_not_exists=True,
    )
    counts = ("rows", "applied", "added", "changed", "unchanged")
    op.create_table(
        "imports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("running", sa.Boolean()),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("format", sa.Text()),
        sa.Column("encoding", sa.Text()),
        *(sa.Column(each, sa.Integer(), nullable=False, server_default="0") for each in counts),
        sa.Column("errors", JsonText(), nullable=False, server_default="[]"),
        sa.Column("remarks", JsonText(), nullable=False, server_default="[]"),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime()),
        primary_key("imports", "id"),
        reference("imports", "user_id", "users.id"),
        sa.UniqueConstraint("running", name="uq_imports_running"),
        if_not_exists=True,
    )
