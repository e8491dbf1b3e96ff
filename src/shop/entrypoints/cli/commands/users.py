"""Commands around users."""

from functools import partial
from typing import Annotated

import typer

from shop.domain.user import Role, User
from shop.entrypoints.cli.context import CliContext, run
from shop.entrypoints.cli.options import DatabaseUrl

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The user's e-mail address.")]


def promote(
    email: Email,
    *,
    role: Annotated[Role, typer.Option(help="The role to give.")],
    database: DatabaseUrl = None,
) -> None:
    """Give a user a role; it counts at the user's next request."""
    _print_roles(run(partial(_promote, email, role), database=database))


def demote(
    email: Email,
    *,
    role: Annotated[Role, typer.Option(help="The role to take.")],
    database: DatabaseUrl = None,
) -> None:
    """Take a role from a user; it counts at the user's next request."""
    _print_roles(run(partial(_demote, email, role), database=database))


async def _promote(email: str, role: Role, context: CliContext) -> User:
    return await context.role_service().grant(email, role)


async def _demote(email: str, role: Role, context: CliContext) -> User:
    return await context.role_service().revoke(email, role)


def _print_roles(user: User) -> None:
    typer.echo(f"{user.email} now has the roles: {', '.join(sorted(user.roles)) or 'none'}.")
