"""What each product of an older release becomes: one with a single variant."""

from alembic import op

_NEW_ID = {"sqlite": "lower(hex(randomblob(16)))", "postgresql": "gen_random_uuid()"}

_VARIANTS = """
    INSERT INTO variants (sku, product_handle, position, price, currency, product_name, image_url,
        for_sale, created_at, updated_at)
    SELECT sku, sku, 0, price, currency, name, image_url, active, created_at, updated_at
    FROM products
    WHERE NOT EXISTS (SELECT 1 FROM variants WHERE product_handle = products.sku)
"""
_PRICE_CHANGES = """
    INSERT INTO price_changes (id, sku, price, created_at)
    SELECT {new_id}, sku, price, updated_at FROM variants
    WHERE NOT EXISTS (SELECT 1 FROM price_changes WHERE price_changes.sku = variants.sku)
"""
_LOWEST_PRICES = "UPDATE products SET min_price = price WHERE min_price IS NULL"


def add_first_variants() -> None:
    """Give each product a variant under its SKU, with the price that it has had so far."""
    connection = op.get_bind()
    added = connection.exec_driver_sql(_VARIANTS).rowcount
    new_id = _NEW_ID[connection.dialect.name]
    connection.exec_driver_sql(_PRICE_CHANGES.format(new_id=new_id))
    connection.exec_driver_sql(_LOWEST_PRICES)
    if added and connection.dialect.name == "postgresql":
        # Without statistics, the first groups of orders would be planned as scans.
        op.execute("ANALYZE products, variants, price_changes")
