"""The command that migrates the database, or all shops of one."""

from typing import Annotated

import typer

from shop.application.maintenance.migrate_shops import ShopMigration
from shop.domain.shared.counted import counted
from shop.entrypoints.cli.context import CliContext, run_creating
from shop.entrypoints.cli.errors import CliError, InvalidSetting, message_of, one_line
from shop.entrypoints.cli.options import DatabaseUrl


def migrate(
    *,
    schema: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The PostgreSQL schema; replaces SHOP_DATABASE_SCHEMA."),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Migrate all shops of a PostgreSQL database.")
    ] = False,
    database: DatabaseUrl = None,
) -> None:
    """Create or upgrade the database schema, and set the currency of an empty shop.

    Several processes may run this at once: one migrates, the others wait for it. With --all, each
    shop of the database is migrated by itself and keeps its currency. Exits with 1 if one failed.
    """
    if every and schema is not None:
        raise InvalidSetting("--all migrates every schema, and --schema one; use one of them")
    option = "--all" if every else "--schema" if schema is not None else None
    if every:
        run_creating(_migrate_all, database=database, only_on_a_server=option)
        return
    run_creating(_migrate, database=database, schema=schema, only_on_a_server=option)
    typer.echo("The database schema is up to date.")


async def _migrate(context: CliContext) -> None:
    found = await context.database().migrate()
    await context.database().check()
    if found is None:
        place = context.settings().database_file or "the database"
        typer.echo(f"Created the tables and the accounts of a shop in {place}.")


async def _migrate_all(context: CliContext) -> None:
    migrated, failed = 0, []
    async for each in context.migrate_shops().run():
        typer.echo(_line(each), err=each.failure is not None)
        migrated += each.failure is None
        if each.failure is not None:
            failed.append(each.schema)
    if failed:
        shops = counted(migrated + len(failed), "shop")
        raise CliError(f"of {shops}, {len(failed)} could not be migrated: {', '.join(failed)}")
    typer.echo(f"Migrated {counted(migrated, 'shop')}.")


def _line(migration: ShopMigration) -> str:
    if migration.failure is not None:
        return one_line(f"{migration.schema}: {message_of(migration.failure)}")
    return f"{migration.schema}: up to date; its schema version was {migration.version_before}"
