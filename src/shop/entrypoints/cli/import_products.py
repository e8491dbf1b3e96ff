"""The command that loads a file of products."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from shop.application.intake import IntakeResult, StockedProduct
from shop.domain.errors import RuleBroken, ShopError
from shop.domain.money import Currency
from shop.entrypoints.cli.failures import Failure, one_line
from shop.entrypoints.cli.loading import in_batches, load
from shop.entrypoints.cli.options import DatabaseUrl
from shop.entrypoints.cli.product_file import Row, read_products
from shop.entrypoints.cli.progress import progress_bar
from shop.entrypoints.cli.shop import Shop, in_shop

MAX_ROWS_TOLD = 20


def import_products(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            exists=True,
            dir_okay=False,
            readable=True,
            help="Comma-separated values, UTF-8, with a header.",
        ),
    ],
    *,
    database: DatabaseUrl = None,
) -> None:
    """Load products and their stock from a file: all of its rows, or none where one is wrong.

    The columns are sku, name, description, price (in minor units, such as cents) and stock;
    active (true or false) and image_url may be left out: products keep what they have of them.
    What was loaded before an interruption stays; to load the file again does the rest.
    """
    if not file.is_file():
        raise typer.BadParameter("it is read twice, so it has to be a file", param_hint="FILE")
    loaded = in_shop(partial(_import, file), database=database)
    typer.echo(
        f"Products: {loaded.added} added, {loaded.changed} changed,"
        f" {loaded.unchanged} as they were."
    )


async def _import(file: Path, shop: Shop) -> IntakeResult:
    currency = shop.intake().currency
    inspection = await _inspected(shop, file, currency)
    if inspection.faults:
        for line, faults in sorted(inspection.faults.items())[:MAX_ROWS_TOLD]:
            typer.echo(one_line(f"{file}:{line}: {' '.join(map(str, faults))}"), err=True)
        raise Failure(
            f"nothing was loaded: {len(inspection.faults)} of {inspection.rows} rows are wrong"
        )
    products = _products(file, currency)
    return await load(shop, products, shop.intake().load, total=inspection.rows)


def _products(file: Path, currency: Currency) -> Iterator[StockedProduct]:
    for row in read_products(file, currency):
        if not isinstance(row.content, StockedProduct):
            raise Failure(f"{file} was changed while it was loaded; line {row.line} is wrong now")
        yield row.content


@dataclass(kw_only=True)
class _Inspection:
    """What is known of a file before anything is loaded."""

    rows: int = 0
    lines: dict[str, int] = field(default_factory=dict)
    faults: dict[int, Sequence[ShopError]] = field(default_factory=dict)

    def look_at(self, rows: Sequence[Row]) -> Sequence[StockedProduct]:
        """Note what is wrong in these rows; return the products of those that are right."""
        sound: list[StockedProduct] = []
        for row in rows:
            self.rows += 1
            if not isinstance(row.content, StockedProduct):
                self.faults[row.line] = row.content
                continue
            first = self.lines.setdefault(row.content.sku, row.line)
            if first == row.line:
                sound.append(row.content)
            else:
                rule = f"{row.content.sku} stands in line {first} already"
                self.faults[row.line] = [RuleBroken(field="sku", rule=rule)]
        return sound


async def _inspected(shop: Shop, file: Path, currency: Currency) -> _Inspection:
    inspection = _Inspection()
    with progress_bar() as bar:
        task = bar.add_task("Checking rows", total=None)
        for rows in in_batches(read_products(file, currency)):
            sound = inspection.look_at(rows)
            for sku, refusal in (await shop.intake().refusals(sound)).items():
                inspection.faults[inspection.lines[sku]] = [refusal]
            bar.update(task, completed=inspection.rows)
    return inspection
