"""The command that prints the OpenAPI document."""

import json

import typer


def openapi() -> None:
    """Print the OpenAPI document of the HTTP API."""
    # Only commands that need the HTTP API wait for its import.
    from shop.entrypoints.cli.bootstrap import build_container  # noqa: PLC0415
    from shop.entrypoints.http.app import create_app  # noqa: PLC0415

    document = create_app(build_container(None)).openapi()
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
