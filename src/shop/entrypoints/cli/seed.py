"""The command that fills a shop with something to try."""

import secrets
from functools import partial
from typing import Annotated

import typer

from shop.entrypoints.cli.demonstration import demonstration_customers, demonstration_products
from shop.entrypoints.cli.loading import in_batches, load
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

    What is there already is left as it is, so that seeding twice is as good as once. An embedded
    database is migrated first.
    """
    work = partial(_seed, products, customers)
    for line in in_prepared_shop(work, database=database):
        typer.echo(line)


async def _seed(products: int, customers: int, shop: Shop) -> list[str]:
    lines = [await seed_products(shop, products)] if products else []
    return [*lines, *await _seed_customers(shop, customers)] if customers else lines


async def seed_products(shop: Shop, count: int) -> str:
    """Have so many demonstration products in the shop; tell what became of them."""
    products = demonstration_products(count, shop.intake().currency)
    loaded = await load(shop, products, shop.intake().add, total=count)
    return f"Products: {loaded.added} added, {loaded.unchanged} were there already."


async def _seed_customers(shop: Shop, count: int) -> list[str]:
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    password_hash = await shop.hasher().hash(password)
    added, first, last = 0, "", ""
    with progress_bar() as bar:
        task = bar.add_task("Creating customers", total=count)
        for batch in in_batches(demonstration_customers(count)):
            users = await shop.intake().customers(batch, password_hash)
            if users:
                first, last = first or users[0].email, users[-1].email
            added += len(users)
            bar.advance(task, len(batch))
    lines = [f"Customers: {added} added, {count - added} were there already."]
    if added:
        await shop.database().analyse()
        # Their addresses are numbered: the first and the last tell those of a million.
        who = first if added == 1 else f"{first} to {last}"
        lines.append(f"Sign in as {who} with the password {password}")
    return lines
