"""Commands that grant and revoke roles, and disable and enable users."""

from functools import partial
from typing import Annotated

import typer

from shop.domain.shared.errors import InvalidValue
from shop.domain.user import Role, User, UserNotFound
from shop.entrypoints.cli.context import CliContext, Work, run
from shop.entrypoints.cli.errors import CliError
from shop.entrypoints.cli.options import DatabaseUrl

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The user's e-mail address.")]


def promote(
    email: Email,
    *,
    role: Annotated[Role, typer.Option(help="The role to grant.")],
    database: DatabaseUrl = None,
) -> None:
    """Grant a role to a user, from the user's next request on."""
    _print_roles(_change(partial(_promote, email, role), email, database))


def demote(
    email: Email,
    *,
    role: Annotated[Role, typer.Option(help="The role to revoke.")],
    database: DatabaseUrl = None,
) -> None:
    """Revoke a role of a user, from the user's next request on."""
    _print_roles(_change(partial(_demote, email, role), email, database))


def _change(work: Work[User], email: str, database: str | None) -> User:
    """Run a change of a user; errors name the address."""
    try:
        return run(work, database=database)
    except UserNotFound as error:
        raise CliError(
            f"no user has the e-mail address {email}; check it, or sign up with it first"
        ) from error
    except InvalidValue as error:
        raise typer.BadParameter(f"{error.rule}, not {email!r}", param_hint="EMAIL") from error


def disable(email: Email, *, database: DatabaseUrl = None) -> None:
    """Disable a user and end the user's sessions, from the user's next request on."""
    _print_access(run(partial(_change_access, email, enabled=False), database=database))


def enable(email: Email, *, database: DatabaseUrl = None) -> None:
    """Let a disabled user sign in again."""
    _print_access(run(partial(_change_access, email, enabled=True), database=database))


async def _change_access(email: str, context: CliContext, *, enabled: bool) -> User:
    return await context.access_service().change_by_email(email, enabled=enabled)


async def _promote(email: str, role: Role, context: CliContext) -> User:
    return await context.role_service().grant(email, role)


async def _demote(email: str, role: Role, context: CliContext) -> User:
    return await context.role_service().revoke(email, role)


def _print_roles(user: User) -> None:
    typer.echo(f"{user.email} has the roles: {', '.join(sorted(user.roles)) or 'none'}.")


def _print_access(user: User) -> None:
    typer.echo(f"{user.email} is {'enabled' if user.enabled else 'disabled and signed out'}.")
