"""The command that fills a shop with demonstration data, or with rules of prices."""

import secrets
from enum import StrEnum
from functools import partial
from typing import Annotated

import typer

from shop.entrypoints.cli.context import CliContext, run_migrated
from shop.entrypoints.cli.imports.batch_import import in_batches
from shop.entrypoints.cli.imports.demo_data import demo_customers
from shop.entrypoints.cli.imports.seed_demo_rules import seed_demo_rules, seed_demo_tax_rates
from shop.entrypoints.cli.imports.seed_eu_tax_rates import seed_eu_tax_rates
from shop.entrypoints.cli.imports.seed_products import PRODUCTS, seed_products
from shop.entrypoints.cli.options import DatabaseUrl
from shop.entrypoints.cli.progress import progress_bar

MAX_SEEDED = 1_000_000
PASSWORD_BYTES = 12


class TaxRates(StrEnum):
    """Published rates of tax that can be loaded."""

    EU = "eu"  # Of the members of the European Union.


class Rules(StrEnum):
    """Rules of prices that can be added."""

    DEMO = "demo"  # For a shop with the demonstration products.


def seed(
    *,
    products: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=MAX_SEEDED,
            show_default=f"{PRODUCTS}, or none with --tax alone",
            help="How many products there should be.",
        ),
    ] = None,
    customers: Annotated[
        int, typer.Option(min=0, max=MAX_SEEDED, help="How many customers there should be.")
    ] = 0,
    tax: Annotated[
        TaxRates | None,
        typer.Option(help="Load the VAT rates of the European Union: new ones begin when they do."),
    ] = None,
    rules: Annotated[
        Rules | None,
        typer.Option(
            help=(
                "Add taxes, shipping and promotions to try; orders of goods that ship then need an"
                " address and a shipping method."
            ),
        ),
    ] = None,
    database: DatabaseUrl = None,
) -> None:
    """Add demonstration products; if requested, customers, rules or tax rates.

    Existing rows are left alone, so the command can be repeated. An embedded database is migrated
    first.
    """
    if products is None:
        products = PRODUCTS if tax is None or rules is not None else 0
    work = partial(_seed, products, customers, tax, rules)
    for line in run_migrated(work, database=database):
        typer.echo(line)


async def _seed(
    products: int, customers: int, tax: TaxRates | None, rules: Rules | None, context: CliContext
) -> list[str]:
    lines = [] if tax is None else [await seed_eu_tax_rates(context)]
    # Rates need a setting that can be missing; promotions need the categories of the products.
    lines += [] if rules is None else [await seed_demo_tax_rates(context)]
    lines += [await seed_products(context, products)] if products else []
    lines += [] if rules is None else [await seed_demo_rules(context)]
    return [*lines, *await _seed_customers(context, customers)] if customers else lines


async def _seed_customers(context: CliContext, count: int) -> list[str]:
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    password_hash = await context.password_hasher().hash(password)
    added, first, last = 0, "", ""
    with progress_bar() as bar:
        task = bar.add_task("Creating customers", total=count)
        for batch in in_batches(demo_customers(count)):
            users = await context.customer_import().add(batch, password_hash)
            if users:
                first, last = first or users[0].email, users[-1].email
            added += len(users)
            bar.advance(task, len(batch))
    lines = [f"Customers: {added} added, {count - added} already existed."]
    if added:
        await context.database().analyse()
        # The addresses are numbered, so the first and the last are enough.
        addresses = first if added == 1 else f"{first} to {last}"
        lines.append(f"Sign in as {addresses} with the password {password}")
    return lines
