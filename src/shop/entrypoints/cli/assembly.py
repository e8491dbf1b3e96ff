"""The assembly: settings read, logging set up, and the container that makes a shop of them."""

from collections.abc import Collection, Sequence
from difflib import get_close_matches

import typer
from pydantic import ValidationError

from shop.entrypoints.cli.failures import WrongSetting, one_line
from shop.entrypoints.container import Container
from shop.entrypoints.logging import set_up_logging
from shop.entrypoints.settings import SETTINGS, Settings, unknown_settings


def assemble(database: str | None) -> Container:
    """Return the shop that the settings describe, on this database where one is named.

    Raise `WrongSetting`.
    """
    settings = read_settings(database)
    set_up_logging(settings)
    return Container(settings=settings)


def read_settings(database: str | None) -> Settings:
    """Return the settings, with this database where one is named; raise `WrongSetting`."""
    named = {} if database is None else {"database_url": database}
    try:
        return Settings.model_validate(named)
    except ValidationError as error:
        raise WrongSetting("; ".join(_sentences(error, named))) from None


def warn_of_unknown_settings() -> None:
    """Tell on standard error of what looks like a setting and is none: it may be misspelt."""
    for name in unknown_settings():
        close = get_close_matches(name, SETTINGS, n=1)
        meant = f"; {close[0]} may be meant" if close else ""
        typer.echo(one_line(f"shop: {name} is no setting{meant}"), err=True)


def _sentences(error: ValidationError, named: Collection[object]) -> list[str]:
    return [
        ": ".join([*_origin(each["loc"], named), each["msg"].removeprefix("Value error, ")])
        for each in error.errors(include_url=False, include_context=False, include_input=False)
    ]


def _origin(place: Sequence[int | str], named: Collection[object]) -> list[str]:
    # What concerns several settings has no place; its message names them.
    if not place:
        return []
    return ["--database" if place[0] in named else f"SHOP_{place[0]}".upper()]
