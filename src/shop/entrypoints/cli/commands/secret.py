"""The command that prints a new secret."""

import base64
import secrets
from typing import Annotated

import typer

SECRET_BYTES = 32


def secret(
    *,
    webhook: Annotated[
        bool, typer.Option("--webhook", help="Print one for SHOP_WEBHOOK_ENDPOINTS.")
    ] = False,
) -> None:
    """Print a new secret of 256 random bits for SHOP_SESSION_SECRETS."""
    if webhook:
        key = base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
        typer.echo(f"whsec_{key}")
    else:
        typer.echo(secrets.token_urlsafe(SECRET_BYTES))
