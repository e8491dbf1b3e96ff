"""The command `shop export`."""

from collections.abc import AsyncIterator, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from shop.application.catalogue.export import ExportedProduct
from shop.entrypoints.cli.context import CliContext, run
from shop.entrypoints.cli.errors import CliError
from shop.entrypoints.cli.options import DatabaseUrl
from shop.entrypoints.cli.progress import progress_bar
from shop.entrypoints.imports.export_csv import write_csv


def export_products(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", dir_okay=False, help="The file to create or replace.")
    ],
    *,
    database: DatabaseUrl = None,
) -> None:
    """Export all products and their stock to a CSV file that can be imported again.

    It is in UTF-8, with one row for each variant. Archived products are not in it.
    """
    count = run(partial(_export, file), database=database)
    typer.echo(f"Products: {count} exported to {file}.")


async def _export(file: Path, context: CliContext) -> int:
    count = 0
    unfinished = file.with_name(f"{file.name}.part")
    with progress_bar() as bar:
        task = bar.add_task("Exporting products", total=None)

        async def counted_pages() -> AsyncIterator[Sequence[ExportedProduct]]:
            nonlocal count
            async for page in context.product_export().pages():
                count += len(page)
                bar.update(task, completed=count)
                yield page

        try:
            with unfinished.open("wb") as output:
                async for part in write_csv(counted_pages()):
                    output.write(part)
            unfinished.replace(file)
        except OSError as error:
            raise CliError(f"cannot write {file}: {error.strerror}") from error
        finally:
            unfinished.unlink(missing_ok=True)
    return count
