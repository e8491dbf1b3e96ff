"""Options that several commands share."""

from typing import Annotated

import typer

DatabaseUrl = Annotated[
    str | None,
    typer.Option("--database", metavar="URL", help="The database; replaces SHOP_DATABASE_URL."),
]
