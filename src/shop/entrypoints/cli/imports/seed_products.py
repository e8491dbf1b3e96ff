"""Adds demonstration products to a shop."""

from shop.entrypoints.cli.context import CliContext
from shop.entrypoints.cli.imports.batch_import import import_in_batches
from shop.entrypoints.cli.imports.demo_data import demo_products

PRODUCTS = 50


async def seed_products(context: CliContext, count: int) -> str:
    """Add the missing ones of `count` demonstration products; return a summary."""
    products = demo_products(count, context.bulk_import().currency)
    result = await import_in_batches(
        context, products, context.bulk_import().add_missing, total=count
    )
    return f"Products: {result.added} added, {result.unchanged} already existed."
