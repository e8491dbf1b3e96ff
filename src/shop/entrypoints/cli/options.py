"""Options that several commands take."""

from typing import Annotated

import typer

DatabaseUrl = Annotated[
    str | None,
    typer.Option("--database", metavar="URL", help="The database, in place of SHOP_DATABASE_URL."),
]
