"""The command that prints a new secret."""

import secrets

import typer

SECRET_BYTES = 32


def secret() -> None:
    """Print a new secret for SHOP_SESSION_SECRETS: 256 random bits."""
    typer.echo(secrets.token_urlsafe(SECRET_BYTES))
