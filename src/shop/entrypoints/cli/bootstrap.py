"""Reads the settings, sets up logging and builds the container."""

from collections.abc import Collection, Sequence
from difflib import get_close_matches

import typer
from pydantic import ValidationError

from shop.entrypoints.cli.errors import InvalidSetting, one_line
from shop.entrypoints.configuration.settings import SETTINGS, Settings, unknown_settings
from shop.entrypoints.container import Container
from shop.entrypoints.observability.logging import set_up_logging


def open_container(database: str | None) -> Container:
    """Like `build_container`, and warns of unknown settings first."""
    warn_of_unknown_settings()
    return build_container(database)


def build_container(database: str | None) -> Container:
    """Return the container for the settings, with this database if given.

    Raise `InvalidSetting`.
    """
    settings = read_settings(database)
    set_up_logging(settings)
    return Container(settings=settings)


def read_settings(database: str | None) -> Settings:
    """Return the settings, with this database if given; raise `InvalidSetting`."""
    overrides = {} if database is None else {"database_url": database}
    try:
        return Settings.model_validate(overrides)
    except ValidationError as error:
        raise InvalidSetting("; ".join(_messages(error, overrides))) from None


def warn_of_unknown_settings() -> None:
    """Report unknown `SHOP_` variables on standard error: they may be misspelt."""
    for name in unknown_settings():
        close = get_close_matches(name, SETTINGS, n=1)
        suggestion = f"; did you mean {close[0]}?" if close else ""
        typer.echo(one_line(f"shop: unknown setting {name} is ignored{suggestion}"), err=True)


def _messages(error: ValidationError, overrides: Collection[object]) -> list[str]:
    return [
        ": ".join(
            [*_setting_name(each["loc"], overrides), each["msg"].removeprefix("Value error, ")]
        )
        for each in error.errors(include_url=False, include_context=False, include_input=False)
    ]


def _setting_name(location: Sequence[int | str], overrides: Collection[object]) -> list[str]:
    # An error of several settings has no location; its message names them.
    if not location:
        return []
    return ["--database" if location[0] in overrides else f"SHOP_{location[0]}".upper()]
