"""Loads the VAT rates of the European Union into a shop."""

from shop.application.pricing.tax_rate_seed import PublishedRates
from shop.entrypoints.cli.context import CliContext
from shop.entrypoints.cli.errors import CliError
from shop.entrypoints.cli.imports.eu_tax_rates import eu_tax_rates


async def seed_eu_tax_rates(context: CliContext) -> str:
    """Load the rates of all members; return and raise like `load_tax_rates`."""
    return await load_tax_rates(context, eu_tax_rates())


async def load_tax_rates(context: CliContext, published: PublishedRates) -> str:
    """Load rates; return a summary, or raise `CliError` if others are in the way."""
    result = await context.tax_rate_seed().load(published)
    if result.in_the_way:
        pairs = ", ".join(f"{each.other} ({each.slug})" for each in result.in_the_way)
        raise CliError(
            f"nothing was loaded; these tax rates overlap with one to be loaded: {pairs};"
            " end them or delete them first"
        )
    return (
        f"Tax rates of {published.at:%Y-%m-%d}: {result.added} added, {result.changed} changed,"
        f" {result.unchanged} unchanged."
    )
