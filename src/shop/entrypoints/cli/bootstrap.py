"""The assembly: settings read, logging set up, and the container that makes a shop of them."""

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
    """Return the shop that the settings describe, on this database where one is named.

    Raise `InvalidSetting`.
    """
    settings = read_settings(database)
    set_up_logging(settings)
    return Container(settings=settings)


def read_settings(database: str | None) -> Settings:
    """Return the settings, with this database where one is named; raise `InvalidSetting`."""
    overrides = {} if database is None else {"database_url": database}
    try:
        return Settings.model_validate(overrides)
    except ValidationError as error:
        raise InvalidSetting("; ".join(_messages(error, overrides))) from None


def warn_of_unknown_settings() -> None:
    """Tell on standard error of what looks like a setting and is none: it may be misspelt."""
    for name in unknown_settings():
        close = get_close_matches(name, SETTINGS, n=1)
        suggestion = f"; {close[0]} may be meant" if close else ""
        typer.echo(one_line(f"shop: {name} is no setting{suggestion}"), err=True)


def _messages(error: ValidationError, overrides: Collection[object]) -> list[str]:
    return [
        ": ".join(
            [*_setting_name(each["loc"], overrides), each["msg"].removeprefix("Value error, ")]
        )
        for each in error.errors(include_url=False, include_context=False, include_input=False)
    ]


def _setting_name(location: Sequence[int | str], overrides: Collection[object]) -> list[str]:
    # What concerns several settings has no place; its message names them.
    if not location:
        return []
    return ["--database" if location[0] in overrides else f"SHOP_{location[0]}".upper()]
