"""Adds demonstration products to a shop."""

from shop.application.catalogue.imports.plan import UnitResult
from shop.entrypoints.cli.context import CliContext
from shop.entrypoints.cli.imports.batch_import import in_batches
from shop.entrypoints.cli.imports.demo_data import demo_products
from shop.entrypoints.cli.progress import progress_bar

PRODUCTS = 50


async def seed_products(context: CliContext, count: int) -> str:
    """Add the missing ones of `count` demonstration products; return a summary."""
    seed = context.product_seed()
    result = UnitResult()
    with progress_bar() as bar:
        task = bar.add_task("Importing products", total=count)
        for batch in in_batches(demo_products(count, seed.currency)):
            result += await seed.add_missing(batch)
            bar.advance(task, len(batch))
    if result.added:
        await context.database().analyse()
    return f"Products: {result.added} added, {result.unchanged} already existed."
