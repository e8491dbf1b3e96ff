"""Reports errors in one line and determines the exit code."""

import os
import traceback

import typer
from pydantic import ValidationError
from typer.exceptions import TyperException

from shop.application.maintenance.migrate_shops import OtherOwner
from shop.application.ports.database import CurrencyMismatch, IncompatibleSchema, MigrationRequired
from shop.application.ports.database_backup import BackupFailed
from shop.application.ports.moves.database_move import MoveRejected
from shop.application.ports.payment_gateway import GatewayOutcomeUnknown
from shop.application.ports.unit_of_work import (
    CommitOutcomeUnknown,
    DatabaseFailure,
    DatabaseUnreachable,
)
from shop.domain.shared.errors import InvalidValue, ShopError
from shop.entrypoints.validation_messages import validation_message

FAILED = 1
WRONG_USAGE = 2


class CliError(Exception):
    """A command failed; the message says why."""


class InvalidSetting(Exception):
    """A setting is missing or invalid; the message has its name and rule, no value."""


_COMPLETE = (
    BackupFailed,
    CliError,
    DatabaseUnreachable,
    IncompatibleSchema,
    InvalidSetting,
    MoveRejected,
    OtherOwner,
    ShopError,
)
"""Errors whose message has problem, value and remedy."""


def report(error: Exception) -> int:
    """Report an error in one line on standard error; return the exit code."""
    typer.echo(f"shop: {one_line(message_of(error))}", err=True)
    if os.environ.get("SHOP_LOG_LEVEL") == "debug":
        typer.echo("".join(traceback.format_exception(error)), err=True, nl=False)
    return _exit_code(error)


def one_line(text: str) -> str:
    """Return the text as one line without control characters."""
    line = " ".join(text.split())
    return "".join(each if each.isprintable() else "�" for each in line)


def _exit_code(error: Exception) -> int:
    match error:
        case TyperException():
            return error.exit_code
        case InvalidSetting() | CurrencyMismatch() | InvalidValue():
            return WRONG_USAGE
        case _:
            return FAILED


def message_of(error: Exception) -> str:
    """Return the problem, value and remedy of an error."""
    match error:
        case TyperException():
            message = f"{_usage_message(error)} (see --help)"
        case _ if isinstance(error, _COMPLETE):
            message = str(error)
        case MigrationRequired():
            message = f"the database is not migrated ({error}); run `shop migrate`"
        case CurrencyMismatch():
            message = f"SHOP_CURRENCY: {error}"
        case CommitOutcomeUnknown():
            message = (
                f"the commit outcome is unknown ({_first_cause(error)}); run the command again"
            )
        case DatabaseFailure():
            message = f"database error: {_first_cause(error)}"
        case GatewayOutcomeUnknown():
            message = f"the payment gateway cannot be reached: {error}"
        case OSError(filename=str() as name, strerror=str() as reason):
            message = f"{name}: {reason}"
        case _:
            message = f"unexpected {type(error).__name__}: {error}"
    return message


def _usage_message(error: TyperException) -> str:
    cause = error.__cause__
    if isinstance(cause, ValidationError) and isinstance(error, typer.BadParameter):
        (fault, *_) = cause.errors(include_url=False, include_input=False)
        error.message = validation_message(fault)
    return error.format_message()


def _first_cause(error: BaseException) -> str:
    # The driver's own message is the most useful to an operator.
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error) or type(error).__name__
