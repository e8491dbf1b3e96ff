"""The command `shop import`."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import groupby, islice
from pathlib import Path
from typing import Annotated

import typer

from shop.application.catalogue.imports.check import file_of
from shop.application.catalogue.imports.jobs import NO_ROWS
from shop.application.catalogue.imports.plan import UnitResult
from shop.application.ports.imports.import_spool import ImportSpool, SpoolState
from shop.domain.catalogue.product_import import MAX_MESSAGES, ImportMessage
from shop.domain.shared.counted import counted
from shop.entrypoints.cli.context import CliContext, run
from shop.entrypoints.cli.errors import CliError, one_line
from shop.entrypoints.cli.options import DatabaseUrl
from shop.entrypoints.cli.progress import progress_bar

MAX_ROWS_REPORTED = 20

GARBAGE_THRESHOLD = 20_000
"""The collector looks at the objects of a batch once, not ten times."""

_EXPECTED = ("shop", "utf-8")
"""The format and the encoding of files of which nothing has to be said."""


def import_products(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            exists=True,
            dir_okay=False,
            readable=True,
            help="A CSV file or an Excel workbook (.xlsx) with a header.",
        ),
    ],
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check the file, and change nothing.")
    ] = False,
    database: DatabaseUrl = None,
) -> None:
    """Import products and stock from a file; if a row is invalid, import nothing.

    Product exports of Shopify and WooCommerce are read as they are. The shop's own columns are sku,
    name, description, price (in minor units, such as cents) and stock; `shop export` writes all
    others. Existing products keep what the file does not say. After an interruption, import the
    file again to complete it.
    """
    if not file.is_file():
        raise typer.BadParameter(
            "must be a regular file, because it is read twice", param_hint="FILE"
        )
    with rare_collections():
        result = run(partial(_import, file, is_dry_run=dry_run), database=database)
    added = "would be added" if dry_run else "added"
    typer.echo(
        f"Products: {result.added} {added}, {result.changed} changed, {result.unchanged} unchanged."
    )


@contextmanager
def rare_collections() -> Iterator[None]:
    """Let the garbage collector look at fewer objects: rows are freed without it."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


async def _import(file: Path, context: CliContext, *, is_dry_run: bool) -> UnitResult:
    with context.import_spools().open_temporarily(file) as spool:
        state = await _check(file, context, spool)
        description = file_of(state)
        if (description.format, description.encoding) != _EXPECTED:
            encoding = description.encoding or "of a workbook"
            typer.echo(f"Format: {description.format}; encoding: {encoding}.")
        _report(file, spool.remarks(MAX_MESSAGES))
        if is_dry_run:
            return UnitResult(added=state.added, changed=state.changed, unchanged=state.unchanged)
        return await _apply(file, context, spool, state)


async def _check(file: Path, context: CliContext, spool: ImportSpool) -> SpoolState:
    """Check the whole file; raise `CliError` if anything is wrong with it."""
    with progress_bar() as bar:
        task = bar.add_task("Checking rows", total=None)

        def is_over(state: SpoolState) -> bool:
            bar.update(task, completed=state.rows_read)
            return False

        await context.file_check().run(spool, is_over)
    state = spool.state()
    invalid = spool.invalid_rows()
    if invalid:
        _report(file, spool.faults(MAX_MESSAGES))
        if state.is_unreadable:
            missing = "missing" if state.is_empty else "invalid"
            raise CliError(f"nothing was imported: the header is {missing}")
        raise CliError(
            f"nothing was imported: {invalid} of {counted(state.rows_read, 'row')}"
            f" {'is' if invalid == 1 else 'are'} invalid"
        )
    if not state.rows_read:
        raise CliError(f"nothing was imported: {file} {NO_ROWS}")
    return state


async def _apply(
    file: Path, context: CliContext, spool: ImportSpool, state: SpoolState
) -> UnitResult:
    result, applied = UnitResult(), 0
    with progress_bar() as bar:
        task = bar.add_task("Importing products", total=state.rows_read)
        while (unit := await context.import_jobs().next_unit(spool, applied)) is not None:
            done = await context.import_jobs().apply_unit(unit)
            result += replace(done, messages=())
            applied = unit.rows_until
            bar.update(task, completed=applied)
            _report(file, done.messages)
    if result.added or result.changed:
        await context.database().analyse()
    return result


def _report(file: Path, messages: Sequence[ImportMessage]) -> None:
    by_line = groupby(messages, key=lambda each: each.line)
    for line, of_line in islice(by_line, MAX_ROWS_REPORTED):
        typer.echo(one_line(f"{file}:{line}: {' '.join(map(str, of_line))}"), err=True)
