"""Adds demonstration data for prices to a shop: tax rates, shipping and promotions."""

from shop.application.pricing.tax_rate_seed import PublishedRates
from shop.domain.shared.errors import InvalidValue
from shop.entrypoints.cli.context import CliContext
from shop.entrypoints.cli.errors import CliError
from shop.entrypoints.cli.imports.demo_rules import COUNTRIES, TAX_CATEGORIES, demo_rules
from shop.entrypoints.cli.imports.eu_tax_rates import eu_tax_rates
from shop.entrypoints.cli.imports.seed_eu_tax_rates import load_tax_rates


async def seed_demo_tax_rates(context: CliContext) -> str:
    """Load the tax rates of the demo; return a summary, or raise like `load_tax_rates`."""
    published = eu_tax_rates()
    rates = [
        rate
        for rate in published.rates
        if rate.category in TAX_CATEGORIES
        and rate.area.countries <= COUNTRIES
        and not rate.area.postal_codes
    ]
    return await load_tax_rates(context, PublishedRates(rates=rates, at=published.at))


async def seed_demo_rules(context: CliContext) -> str:
    """Add the missing rules of the demo; return a summary.

    Raise `CliError` if the shop does not have what they name.
    """
    rules = demo_rules(context.product_seed().currency)
    try:
        added = await context.rule_seed().add_missing(rules)
    except InvalidValue as error:
        raise CliError(
            f"not all demo rules were added; {error.field}: {error.rule};"
            " the demo rules are for a shop with the demonstration products of `shop seed`"
        ) from error
    return f"Shipping and promotions: {added} added, {len(rules) - added} already existed."
