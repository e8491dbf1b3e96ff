"""Gives a variant to each product that a server of an older release adds beside this schema.

Such a server runs beside PostgreSQL only. The trigger asks at the end of the transaction, because a
server of this release adds the variants itself. Its function names the schema of the product, which
is the search path of the shop's connections, but not that of every program.
"""

from alembic import op

_FUNCTION = """
CREATE OR REPLACE FUNCTION add_missing_variant() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format(
        'INSERT INTO %1$I.variants (
            sku, product_handle, position, price, currency, product_name, image_url, for_sale,
            created_at, updated_at
        )
        SELECT sku, sku, 0, price, currency, name, image_url, active AND archived_at IS NULL,
            created_at, updated_at
        FROM %1$I.products
        WHERE sku = $1 AND NOT EXISTS (SELECT FROM %1$I.variants WHERE product_handle = $1)
        ON CONFLICT DO NOTHING',
        TG_TABLE_SCHEMA
    ) USING NEW.sku;
    RETURN NULL;
END $$
"""

_TRIGGER = """
CREATE CONSTRAINT TRIGGER add_missing_variant AFTER INSERT ON products
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION add_missing_variant()
"""


def add_missing_variants() -> None:
    """Create the function and its trigger."""
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute(_FUNCTION)
    op.execute("DROP TRIGGER IF EXISTS add_missing_variant ON products")
    op.execute(_TRIGGER)
