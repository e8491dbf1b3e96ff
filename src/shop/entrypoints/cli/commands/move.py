"""The command that moves a shop from SQLite to PostgreSQL."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated

import typer

from shop.application.maintenance.move_shop import CompletedMove, MoveShop
from shop.entrypoints.cli.context import CliContext, run_unmigrated
from shop.entrypoints.cli.errors import InvalidSetting
from shop.entrypoints.cli.options import DatabaseUrl


def move(
    *,
    to: Annotated[
        str | None, typer.Option("--to", metavar="URL", help="The PostgreSQL database.")
    ] = None,
    schema: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Its schema; SHOP_DATABASE_SCHEMA if not given."),
    ] = None,
    undo: Annotated[
        bool, typer.Option("--undo", help="Let the shop go on in SQLite if the move has not ended.")
    ] = False,
    database: DatabaseUrl = None,
) -> None:
    """Move the shop from SQLite to an empty PostgreSQL schema while it serves.

    Orders stop for the last seconds. Afterwards the SQLite shop is marked as moved and serves no
    more. If the command is interrupted, run it again, or let the shop go on with --undo.
    """
    if to is None and not undo:
        raise InvalidSetting("--to is missing: name the PostgreSQL database to move to")
    target = None if to is None else _open_target(to, schema)
    run_unmigrated(partial(_undo if undo else _move, target), database=database)


def _open_target(to: str, schema: str | None) -> CliContext:
    # As in `run_unmigrated`.
    from shop.entrypoints.cli.bootstrap import build_container  # noqa: PLC0415

    target: CliContext = build_container(to, schema=schema)
    if not target.settings().database_url.startswith("postgresql"):
        raise InvalidSetting("--to: a shop moves to PostgreSQL only (postgresql+asyncpg://…)")
    return target


async def _move(target: CliContext | None, context: CliContext) -> None:
    begun = time.monotonic()
    async with _opened(context, target) as shop_move:
        moved = await shop_move.run(typer.echo)
    if moved is not None:
        _print(moved, time.monotonic() - begun)


async def _undo(target: CliContext | None, context: CliContext) -> None:
    async with _opened(context, target) as shop_move:
        await shop_move.undo(has_target=target is not None)
    typer.echo("The shop goes on in SQLite. What was copied elsewhere is of no value; delete it.")


@asynccontextmanager
async def _opened(context: CliContext, target: CliContext | None) -> AsyncIterator[MoveShop]:
    if context.settings().database_file is None:
        raise InvalidSetting(
            "only a shop in a SQLite file can move; name it by SHOP_DATABASE_URL or --database"
        )
    # To undo most moves, the target is not needed.
    target = target or context
    settings, database = target.settings(), target.database()
    try:
        yield context.move_shop()(
            context.database_move()(
                settings.database_url, settings.database_schema, database.migrate
            ),
            context.moved_parts()(settings),
            audit_after=target.audit_shop().find_violated,
        )
    finally:
        await target.transaction_runner().drain()
        if target is not context:
            await database.close()


def _print(moved: CompletedMove, seconds: float) -> None:
    typer.echo(
        f"Moved {len(moved.tables)} tables with {moved.rows:,} rows to {moved.target} in"
        f" {seconds:.1f} s; no orders were taken for {moved.stopped_for.total_seconds():.1f} s."
    )
    typer.echo("The checksums of all tables are equal, and the audit found nothing on either side.")
    for part in moved.parts:
        typer.echo(f"Copied {part}.")
    typer.echo(
        "Serve it in this folder, with SHOP_DATABASE_URL, SHOP_DATABASE_SCHEMA and all other"
        " settings of this shop."
    )
