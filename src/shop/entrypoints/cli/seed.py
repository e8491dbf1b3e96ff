"""The command that fills a shop with something to try."""

import secrets
from functools import partial
from typing import Annotated

import typer

from shop.entrypoints.cli.demonstration import demonstration_customers, demonstration_products
from shop.entrypoints.cli.loading import in_batches, load, told
from shop.entrypoints.cli.options import DatabaseUrl
from shop.entrypoints.cli.progress import progress_bar
from shop.entrypoints.cli.shop import Shop, in_prepared_shop

PRODUCTS = 50
MAX_SEEDED = 1_000_000
PASSWORD_BYTES = 12


def seed(
    *,
    products: Annotated[
        int, typer.Option(min=0, max=MAX_SEEDED, help="How many products there are to be.")
    ] = PRODUCTS,
    customers: Annotated[
        int, typer.Option(min=0, max=MAX_SEEDED, help="How many customers there are to be.")
    ] = 0,
    database: DatabaseUrl = None,
) -> None:
    """Fill the shop with demonstration products, and customers if wanted.

    Seeding twice is as good as once: products get the price and stock that they began with, and
    customers are left alone. An embedded database is migrated first.
    """
    work = partial(_seed, products, customers)
    for line in in_prepared_shop(work, database=database):
        typer.echo(line)


async def _seed(products: int, customers: int, shop: Shop) -> list[str]:
    lines = [await seed_products(shop, products)] if products else []
    return [*lines, await _seed_customers(shop, customers)] if customers else lines


async def seed_products(shop: Shop, count: int) -> str:
    """Have so many demonstration products in the shop; tell what became of them."""
    products = demonstration_products(count, shop.intake().currency)
    return told(await load(shop, products, total=count))


async def _seed_customers(shop: Shop, count: int) -> str:
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    password_hash = await shop.hasher().hash(password)
    added = 0
    with progress_bar() as bar:
        task = bar.add_task("Creating customers", total=count)
        for batch in in_batches(demonstration_customers(count)):
            added += await shop.intake().customers(batch, password_hash)
            bar.advance(task, len(batch))
    if not added:
        return f"Customers: 0 added, {count} as they were."
    await shop.database().analyse()
    return (
        f"Customers: {added} added, all with the password {password}; {count - added} as they were."
    )
