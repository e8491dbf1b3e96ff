"""Adds demonstration products to a shop."""

from shop.entrypoints.cli.context import CliContext
from shop.entrypoints.cli.imports.batch_import import import_in_batches
from shop.entrypoints.cli.imports.demo_data import demo_products

PRODUCTS = 50


async def seed_products(context: CliContext, count: int) -> str:
    """Have so many demonstration products in the shop; tell what became of them."""
    products = demo_products(count, context.bulk_import().currency)
    result = await import_in_batches(
        context, products, context.bulk_import().add_missing, total=count
    )
    return f"Products: {result.added} added, {result.unchanged} already existed."
