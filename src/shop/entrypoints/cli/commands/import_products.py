"""The command `shop import`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from shop.application.catalogue.bulk_import import ImportResult, ProductRow
from shop.domain.shared.counted import counted
from shop.domain.shared.errors import InvalidValue, ShopError
from shop.domain.shared.money import Currency
from shop.entrypoints.cli.context import CliContext, run
from shop.entrypoints.cli.errors import CliError, one_line
from shop.entrypoints.cli.imports.batch_import import import_in_batches, in_batches
from shop.entrypoints.cli.imports.product_csv import ProductCsvRow, read_products
from shop.entrypoints.cli.options import DatabaseUrl
from shop.entrypoints.cli.progress import progress_bar

MAX_ROWS_REPORTED = 20


def import_products(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            exists=True,
            dir_okay=False,
            readable=True,
            help="A CSV file in UTF-8 with a header.",
        ),
    ],
    *,
    database: DatabaseUrl = None,
) -> None:
    """Import products and stock from a CSV file; if a row is invalid, import nothing.

    The columns are sku, name, description, price (in minor units, such as cents) and stock.
    The columns active (true or false) and image_url are optional: without them, existing products
    keep their values. After an interruption, import the file again to complete it.
    """
    if not file.is_file():
        raise typer.BadParameter(
            "must be a regular file, because it is read twice", param_hint="FILE"
        )
    result = run(partial(_import, file), database=database)
    typer.echo(
        f"Products: {result.added} added, {result.changed} changed, {result.unchanged} unchanged."
    )


async def _import(file: Path, context: CliContext) -> ImportResult:
    currency = context.bulk_import().currency
    validation = await _validate(context, file, currency)
    if validation.errors:
        for line, errors in sorted(validation.errors.items())[:MAX_ROWS_REPORTED]:
            typer.echo(one_line(f"{file}:{line}: {' '.join(map(str, errors))}"), err=True)
        if validation.header_is_missing:
            raise CliError("nothing was imported: the header is missing")
        if validation.header_is_invalid:
            raise CliError("nothing was imported: the header is invalid")
        invalid = len(validation.errors)
        raise CliError(
            f"nothing was imported: {invalid} of {counted(validation.rows, 'row')}"
            f" {'is' if invalid == 1 else 'are'} invalid"
        )
    if not validation.rows:
        raise CliError(
            f"nothing was imported: {file} has a header but no rows; add a row for each product"
        )
    products = _products(file, currency)
    return await import_in_batches(
        context, products, context.bulk_import().upsert, total=validation.rows
    )


def _products(file: Path, currency: Currency) -> Iterator[ProductRow]:
    for row in read_products(file, currency):
        if not isinstance(row.content, ProductRow):
            raise CliError(f"{file} changed during the import: line {row.line} is invalid now")
        yield row.content


@dataclass(kw_only=True)
class _FileValidation:
    """The errors of a file, found before anything is imported."""

    rows: int = 0
    header_is_invalid: bool = False
    header_is_missing: bool = False
    first_lines: dict[str, int] = field(default_factory=dict)
    errors: dict[int, Sequence[ShopError]] = field(default_factory=dict)

    def check(self, rows: Sequence[ProductCsvRow]) -> Sequence[ProductRow]:
        """Record the errors of these rows; return the products of the valid ones."""
        valid: list[ProductRow] = []
        for row in rows:
            self.rows += 1
            self.header_is_invalid |= row.is_header
            self.header_is_missing |= row.is_missing
            errors = [] if isinstance(row.content, ProductRow) else list(row.content)
            sku = row.content.sku if isinstance(row.content, ProductRow) else row.sku
            first = row.line if sku is None else self.first_lines.setdefault(sku, row.line)
            if first != row.line:
                rule = f"duplicate SKU {sku}, first used on line {first}"
                errors.append(InvalidValue(field="sku", rule=rule))
            if errors:
                self.errors[row.line] = errors
            elif isinstance(row.content, ProductRow):
                valid.append(row.content)
        return valid


async def _validate(context: CliContext, file: Path, currency: Currency) -> _FileValidation:
    validation = _FileValidation()
    with progress_bar() as bar:
        task = bar.add_task("Checking rows", total=None)
        for rows in in_batches(read_products(file, currency)):
            valid = validation.check(rows)
            for sku, error in (await context.bulk_import().validate(valid)).items():
                validation.errors[validation.first_lines[sku]] = [error]
            bar.update(task, completed=validation.rows)
    return validation
