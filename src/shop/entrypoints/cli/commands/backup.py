"""The command that backs up the shop."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from shop.application.maintenance.backup import BackUp
from shop.application.ports.backup_archive import BackupManifest
from shop.domain.shared.counted import counted
from shop.entrypoints.cli.context import CliContext, run_unmigrated
from shop.entrypoints.cli.options import DatabaseUrl

COUNTED_ROWS = ("order", "user", "product")


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to create.")],
    *,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the file if it exists.")
    ] = False,
    database: DatabaseUrl = None,
) -> None:
    """Back up the shop to one file while orders go on.

    The file contains the database, the images, the records of a simulated gateway in process, and a
    generated session secret. Store it as safely as the shop itself.
    """
    command = BackUp(file=file, overwrite=overwrite)
    manifest = run_unmigrated(partial(_back_up, command), database=database)
    parts = ", ".join(each.name for each in manifest.parts)
    typer.echo(f"Backed up to {file}: {row_counts(manifest.database.rows)} ({parts}).")


def row_counts(rows: Mapping[str, int]) -> str:
    """Return the numbers by which an operator recognises a shop."""
    return ", ".join(counted(rows.get(f"{noun}s", 0), noun) for noun in COUNTED_ROWS)


async def _back_up(command: BackUp, context: CliContext) -> BackupManifest:
    return await context.back_up_shop().run(command)
