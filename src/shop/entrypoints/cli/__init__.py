"""The command line: each command calls use cases and prints their results."""

from collections.abc import Callable
from difflib import get_close_matches
from importlib.metadata import distribution
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from shop.entrypoints.cli.commands.audit import audit
from shop.entrypoints.cli.commands.backup import backup
from shop.entrypoints.cli.commands.gateway import gateway
from shop.entrypoints.cli.commands.import_products import import_products
from shop.entrypoints.cli.commands.jobs import list_jobs, retry
from shop.entrypoints.cli.commands.migrate import migrate
from shop.entrypoints.cli.commands.notifications import (
    enable_endpoint,
    endpoints,
    purge,
    retry_webhooks,
)
from shop.entrypoints.cli.commands.openapi import openapi
from shop.entrypoints.cli.commands.reconcile import reconcile
from shop.entrypoints.cli.commands.restore import restore
from shop.entrypoints.cli.commands.secret import secret
from shop.entrypoints.cli.commands.seed import seed
from shop.entrypoints.cli.commands.serve import serve
from shop.entrypoints.cli.commands.sessions import end, sweep
from shop.entrypoints.cli.commands.users import demote, disable, enable, promote
from shop.entrypoints.cli.commands.worker import worker
from shop.entrypoints.cli.errors import INTERRUPTED, report

SIMILARITY = 0.7
"""How close a suggested command is to the one that was written, from 0 to 1."""


def main() -> int:
    """Run the command that the arguments name and return its exit code.

    0 is success, 1 a failure, 2 invalid usage, 130 an interrupt from the keyboard.
    """
    try:
        code = commands()(prog_name="shop", standalone_mode=False)
    except Exception as error:  # noqa: BLE001  Every error is reported in one line.
        return report(error)
    if code == INTERRUPTED:
        typer.echo("shop: interrupted", err=True)
    return code if isinstance(code, int) else 0


def commands() -> typer.Typer:
    """Return all commands, each with an example."""
    shop = _group("An order backend that a team can trust with money and stock.", _program_options)
    shop.command(epilog="Example: shop serve --port 8001 --workers 4")(serve)
    shop.command(
        epilog="Example: shop migrate --database postgresql+asyncpg://shop@localhost/shop"
    )(migrate)
    shop.command(epilog="Example: shop seed --products 500 --customers 20")(seed)
    shop.command("import", epilog="Example: shop import spring.csv")(import_products)
    shop.command(epilog="Example: shop worker")(worker)
    shop.command(epilog="Example: shop audit --json")(audit)
    shop.command(epilog="Example: shop gateway --port 8100 --state gateway.db")(gateway)
    shop.command(epilog="Example: shop reconcile --since 2026-11-20 --dry-run")(reconcile)
    shop.command(epilog="Example: shop backup shop-2026-11-28.tar")(backup)
    shop.command(epilog="Example: shop restore shop-2026-11-28.tar")(restore)
    shop.command(epilog="Example: shop secret")(secret)
    shop.command(epilog="Example: shop openapi > openapi.json")(openapi)

    jobs = _group("Manage background jobs.", _show_help)
    jobs.command("list", epilog="Example: shop jobs list --dead")(list_jobs)
    jobs.command(epilog="Example: shop jobs retry")(retry)
    shop.add_typer(jobs, name="jobs")

    notifications = _group("Manage records of webhooks and e-mails.", _show_help)
    notifications.command(epilog="Example: shop notifications purge")(purge)
    notifications.command(epilog="Example: shop notifications endpoints")(endpoints)
    notifications.command(
        "enable", epilog="Example: shop notifications enable https://example.com/shop"
    )(enable_endpoint)
    notifications.command("retry", epilog="Example: shop notifications retry")(retry_webhooks)
    shop.add_typer(notifications, name="notifications")

    sessions = _group("Manage sessions.", _show_help)
    sessions.command(epilog="Example: shop sessions sweep")(sweep)
    sessions.command(epilog="Example: shop sessions end ada@example.com")(end)
    shop.add_typer(sessions, name="sessions")

    users = _group("Manage users.", _show_help)
    users.command(epilog="Example: shop users promote ada@example.com --role admin")(promote)
    users.command(epilog="Example: shop users demote ada@example.com --role admin")(demote)
    users.command(epilog="Example: shop users disable ada@example.com")(disable)
    users.command(epilog="Example: shop users enable ada@example.com")(enable)
    shop.add_typer(users, name="users")
    return shop


class _Commands(TyperGroup):
    """A group that suggests the commands closest to an unknown one."""

    def resolve_command(
        self,
        ctx: Any,  # noqa: ANN401  Its class is private to typer.
        args: list[str],
    ) -> tuple[str | None, Any, list[str]]:
        """Return the command of the arguments; raise `TyperException`."""
        try:
            return super().resolve_command(ctx, args)
        except TyperException as error:
            close = get_close_matches(args[0], self.commands, n=2, cutoff=SIMILARITY)
            if close:
                error.message += f" Did you mean {' or '.join(map(repr, close))}?"
            raise


def _group(help_text: str, options: Callable[..., None]) -> typer.Typer:
    group = typer.Typer(
        cls=_Commands,
        help=help_text,
        suggest_commands=False,
        add_completion=False,
        rich_markup_mode="markdown",
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    # Without a callback, typer turns a group of one command into that command.
    group.callback(invoke_without_command=True)(options)
    return group


def _show_help(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def _program_options(
    context: typer.Context,
    *,
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    if version:
        typer.echo(f"shop {distribution('shop').version}")
        raise typer.Exit
    _show_help(context)
