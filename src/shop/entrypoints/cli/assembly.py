"""The assembly: settings read, logging set up, and the container that makes a shop of them."""

from pydantic import ValidationError

from shop.entrypoints.cli.failures import WrongSetting
from shop.entrypoints.container import Container
from shop.entrypoints.logging import set_up_logging
from shop.entrypoints.settings import Settings


def assemble(database: str | None) -> Container:
    """Return the shop that the settings describe, on this database where one is named.

    Raise `WrongSetting`.
    """
    settings = read_settings(database)
    set_up_logging(settings)
    return Container(settings=settings)


def read_settings(database: str | None) -> Settings:
    """Return the settings, with this database where one is named; raise `WrongSetting`."""
    try:
        return Settings() if database is None else Settings(database_url=database)
    except ValidationError as error:
        raise WrongSetting("; ".join(_sentences(error))) from None


def _sentences(error: ValidationError) -> list[str]:
    return [
        ": ".join([*_variable(each["loc"]), each["msg"].removeprefix("Value error, ")])
        for each in error.errors(include_url=False, include_context=False, include_input=False)
    ]


def _variable(place: tuple[int | str, ...]) -> list[str]:
    # What concerns several settings has no place; its message names them.
    return [f"SHOP_{place[0]}".upper()] if place else []
