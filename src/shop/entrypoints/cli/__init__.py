"""The command line: each command calls use cases and prints their results."""

from collections.abc import Callable
from typing import Annotated

import typer
from typer.core import TyperGroup
from typer.main import get_group

from shop.entrypoints.cli.command_group import MARKUP, CommandGroup
from shop.entrypoints.cli.command_group import DeferredCommand as Command

INTERRUPTED = 130
"""The exit code of shells, and of typer, for an interrupt from the keyboard."""


def main() -> int:
    """Run the command that the arguments name and return its exit code.

    0 is success, 1 a failure, 2 invalid usage, 130 an interrupt from the keyboard.
    """
    try:
        code = program()(prog_name="shop", standalone_mode=False)
    except Exception as error:  # noqa: BLE001  Every error is reported in one line.
        # Only a report needs the errors of all layers.
        from shop.entrypoints.cli.errors import report  # noqa: PLC0415

        return report(error)
    if code == INTERRUPTED:
        typer.echo("shop: interrupted", err=True)
    return code if isinstance(code, int) else 0


def program() -> TyperGroup:
    """Return all commands, in the order of the help; each is imported when it is run."""
    return _group(
        "shop",
        "An order backend that a team can trust with money and stock.",
        _program_options,
        Command(
            "serve",
            "serve:serve",
            summary="Serve the HTTP API until it is stopped.",
            example="shop serve --port 8001 --workers 4",
        ),
        Command(
            "migrate",
            "migrate:migrate",
            summary="Create or upgrade the database schema, and set the currency of an empty shop.",
            example="shop migrate --database postgresql+asyncpg://shop@localhost/shop",
        ),
        Command(
            "seed",
            "seed:seed",
            summary="Add demonstration products; if requested, customers, rules or tax rates.",
            example="shop seed --products 500 --customers 20",
        ),
        Command(
            "import",
            "import_products:import_products",
            summary="Import products and stock from a file; if a row is invalid, import nothing.",
            example="shop import spring.csv --dry-run",
        ),
        Command(
            "export",
            "export_products:export_products",
            summary="Export all products and their stock to a CSV file that can be imported again.",
            example="shop export products.csv",
        ),
        Command(
            "worker",
            "worker:worker",
            summary="Run background jobs until stopped: payments, refunds and notifications.",
            example="shop worker",
        ),
        Command(
            "audit",
            "audit:audit",
            summary="Check every invariant of the shop and print the rows that violate one.",
            example="shop audit --json",
        ),
        Command(
            "gateway",
            "gateway:gateway",
            summary="Run the simulated payment gateway, which moves no money, until it is stopped.",
            example="shop gateway --port 8100 --state gateway.db",
        ),
        Command(
            "reconcile",
            "reconcile:reconcile",
            summary="Compare card payments with the payment gateway and add missing jobs.",
            example="shop reconcile --since 2026-11-20 --dry-run",
        ),
        Command(
            "backup",
            "backup:backup",
            summary="Back up the shop to one file while orders go on.",
            example="shop backup shop-2026-11-28.tar",
        ),
        Command(
            "restore",
            "restore:restore",
            summary="Restore the shop from a backup, and reconcile its card payments.",
            example="shop restore shop-2026-11-28.tar",
        ),
        Command(
            "move",
            "move:move",
            summary="Move the shop from SQLite to an empty PostgreSQL schema while it serves.",
            example="shop move --to postgresql+asyncpg://shop@localhost/shop",
        ),
        Command(
            "secret",
            "secret:secret",
            summary="Print a new secret of 256 random bits for SHOP_SESSION_SECRETS.",
            example="shop secret",
        ),
        Command(
            "openapi",
            "openapi:openapi",
            summary="Print the OpenAPI document of the HTTP API.",
            example="shop openapi > openapi.json",
        ),
        _jobs(),
        _notifications(),
        _sessions(),
        _users(),
    )


def _jobs() -> TyperGroup:
    return _group(
        "jobs",
        "Manage background jobs.",
        _show_help,
        Command(
            "list",
            "jobs:list_jobs",
            summary="List waiting jobs, and dead jobs that have failed too often.",
            example="shop jobs list --dead",
        ),
        Command(
            "retry",
            "jobs:retry",
            summary="Make dead jobs due again, with all their attempts.",
            example="shop jobs retry",
        ),
    )


def _notifications() -> TyperGroup:
    return _group(
        "notifications",
        "Manage records of webhooks and e-mails.",
        _show_help,
        Command(
            "purge",
            "notifications:purge",
            summary="Delete notifications that were delivered or failed more than 30 days ago.",
            example="shop notifications purge",
        ),
        Command(
            "endpoints",
            "notifications:endpoints",
            summary="List the webhook endpoints whose last request failed.",
            example="shop notifications endpoints",
        ),
        Command(
            "enable",
            "notifications:enable_endpoint",
            summary="Send to a disabled or paused webhook endpoint again.",
            example="shop notifications enable https://example.com/shop",
        ),
        Command(
            "retry",
            "notifications:retry_webhooks",
            summary="Send all failed webhooks again.",
            example="shop notifications retry",
        ),
    )


def _sessions() -> TyperGroup:
    return _group(
        "sessions",
        "Manage sessions.",
        _show_help,
        Command(
            "sweep",
            "sessions:sweep",
            summary=(
                "Delete expired sessions, old keys of rejected requests, and old guests without"
                " orders."
            ),
            example="shop sessions sweep",
        ),
        Command(
            "end",
            "sessions:end",
            summary="End all sessions of a user, from the user's next request on.",
            example="shop sessions end ada@example.com",
        ),
    )


def _users() -> TyperGroup:
    return _group(
        "users",
        "Manage users.",
        _show_help,
        Command(
            "promote",
            "users:promote",
            summary="Grant a role to a user, from the user's next request on.",
            example="shop users promote ada@example.com --role admin",
        ),
        Command(
            "demote",
            "users:demote",
            summary="Revoke a role of a user, from the user's next request on.",
            example="shop users demote ada@example.com --role admin",
        ),
        Command(
            "disable",
            "users:disable",
            summary="Disable a user and end the user's sessions, from the user's next request on.",
            example="shop users disable ada@example.com",
        ),
        Command(
            "enable",
            "users:enable",
            summary="Let a disabled user sign in again.",
            example="shop users enable ada@example.com",
        ),
    )


def _group(
    name: str, help_text: str, options: Callable[..., None], *commands: Command | TyperGroup
) -> TyperGroup:
    group = typer.Typer(
        name=name,
        cls=CommandGroup,
        help=help_text,
        suggest_commands=False,
        add_completion=False,
        rich_markup_mode=MARKUP,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    # Without a callback, typer turns a group of one command into that command.
    group.callback(invoke_without_command=True)(options)
    result = get_group(group)
    for command in commands:
        result.add_command(command)
    return result


def _show_help(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def _program_options(
    context: typer.Context,
    *,
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    if version:
        # Nothing else needs it, and it is slow to import.
        from importlib.metadata import distribution  # noqa: PLC0415

        typer.echo(f"shop {distribution('shop').version}")
        raise typer.Exit
    _show_help(context)
