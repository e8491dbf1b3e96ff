"""Commands around users."""

from functools import partial
from typing import Annotated

import typer

from shop.domain.user import Role, User
from shop.entrypoints.cli.options import DatabaseUrl
from shop.entrypoints.cli.shop import Shop, in_shop


def promote(
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="The user's e-mail address.")],
    *,
    role: Annotated[Role, typer.Option(help="The role to give.")],
    database: DatabaseUrl = None,
) -> None:
    """Give a user a role; it counts at the user's next request."""
    user = in_shop(partial(_promote, email, role), database=database)
    typer.echo(f"{user.email} now has the roles: {', '.join(sorted(user.roles))}.")


async def _promote(email: str, role: Role, shop: Shop) -> User:
    return await shop.users().promote(email, role)
