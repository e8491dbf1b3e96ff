"""Reads the settings, sets up logging and builds the container."""

from collections.abc import Collection, Sequence
from difflib import get_close_matches
from itertools import pairwise

import typer
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from shop.entrypoints.cli.errors import InvalidSetting, one_line
from shop.entrypoints.configuration.notifications import WebhookEndpointSetting
from shop.entrypoints.configuration.settings import PREFIX, SETTINGS, Settings, unknown_settings
from shop.entrypoints.container import Container
from shop.entrypoints.observability.logging import set_up_logging
from shop.entrypoints.validation_messages import validation_message

OPTIONS = {"database_url": "--database", "database_schema": "--schema"}
"""The options of commands that replace settings."""


def open_container(database: str | None, *, schema: str | None = None) -> Container:
    """Like `build_container`, and warns of unknown settings first."""
    warn_of_unknown_settings()
    return build_container(database, schema=schema)


def build_container(database: str | None, *, schema: str | None = None) -> Container:
    """Return the container for the settings, with this database and schema if given.

    Raise `InvalidSetting`.
    """
    settings = read_settings(database, schema=schema)
    set_up_logging(settings)
    return Container(settings=settings)


def read_settings(database: str | None, *, schema: str | None = None) -> Settings:
    """Return the settings, with this database and schema if given; raise `InvalidSetting`."""
    options = {"database_url": database, "database_schema": schema}
    overrides = {name: given for name, given in options.items() if given is not None}
    try:
        return Settings.model_validate(overrides)
    except ValidationError as error:
        raise InvalidSetting("; ".join(_messages(error, overrides))) from None


def warn_of_unknown_settings() -> None:
    """Report unknown `SHOP_` variables on standard error: they may be misspelt."""
    known = [each.removeprefix(PREFIX) for each in SETTINGS]
    for name in unknown_settings():
        # Without the prefix, which would make any two short names look alike.
        close = get_close_matches(name.removeprefix(PREFIX), known, n=1)
        suggestion = f"; did you mean {PREFIX}{close[0]}?" if close else ""
        typer.echo(one_line(f"shop: unknown setting {name} is ignored{suggestion}"), err=True)


def _messages(error: ValidationError, overrides: Collection[object]) -> list[str]:
    return [
        ": ".join(_place_and_rule(each, overrides))
        for each in error.errors(include_url=False, include_input=False)
    ]


def _place_and_rule(error: ErrorDetails, overrides: Collection[object]) -> list[str]:
    if error["type"] == "extra_forbidden":
        # The name of an unknown field is not a known word, so it can be a secret.
        fields = ", ".join(WebhookEndpointSetting.model_fields)
        return [*_place(error["loc"][:-1], overrides), f"must not have fields other than {fields}"]
    message = validation_message(error)
    if not error["loc"] or message.startswith(PREFIX):
        # An error of several settings names them itself.
        return [message]
    return [*_place(error["loc"], overrides), message]


def _place(location: Sequence[int | str], overrides: Collection[object]) -> list[str]:
    name = str(location[0])
    setting = OPTIONS[name] if name in overrides else f"{PREFIX}{name}".upper()
    steps = [_step(container, step) for container, step in pairwise(location)]
    return [setting, ", ".join(steps)] if steps else [setting]


def _step(container: int | str, step: int | str) -> str:
    """Return a step into a setting, such as "endpoint 2" of `webhook_endpoints`."""
    if isinstance(step, str):
        return step
    item = str(container).rpartition("_")[2].removesuffix("s")
    return f"{item} {step + 1}"
