"""What the database's failures mean for the unit of work: the retry table of the protocol.

The SQLSTATE codes are those of PostgreSQL's Appendix A, "PostgreSQL Error Codes".
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Constraint, UniqueConstraint
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from shop.adapters.sql.schema.tables import metadata
from shop.application.ports.unit_of_work import (
    CommitOutcomeUnknown,
    ConstraintViolated,
    DatabaseFailure,
    DatabaseUnavailable,
    LockTimeout,
    TransactionConflict,
    TransientFailure,
)

ORDER_KEY = "uq_orders_user_id_idempotency_key"

_CONFLICTS = ("40001", "40P01")
_READ_ONLY_SERVER = "25006"
_LOCK_NOT_AVAILABLE = "55P03"
_CONNECTION_LOST = ("08", "57P01", "57P02", "57P03", _READ_ONLY_SERVER)

_SQLITE_UNIQUE = re.compile(r"UNIQUE constraint failed: (?P<columns>.+)")
_SQLITE_CHECK = re.compile(r"CHECK constraint failed: (?P<name>\w+)")


@contextmanager
def translating_errors() -> Iterator[None]:
    """Turn what fails before COMMIT was sent into what it means: nothing has changed."""
    try:
        yield
    except IntegrityError as error:
        name = _constraint(error)
        # Without the cause: PostgreSQL's own message tells the values, which are nobody's business.
        if name == ORDER_KEY:
            raise TransientFailure("the key was used at the same time") from None
        raise ConstraintViolated(name) from None
    except DBAPIError as error:
        raise _error_before_commit(error) from error
    except TimeoutError as error:
        # Whoever waits has waited long enough for trying again to be their own choice.
        raise DatabaseUnavailable("no answer in time") from error
    except OSError as error:
        raise TransientFailure("no connection") from error
    except PoolTimeoutError as error:
        raise DatabaseUnavailable("all connections are in use") from error


@contextmanager
def translating_commit_errors() -> Iterator[None]:
    """Turn what fails once COMMIT was sent into what it means, which may be unknown."""
    try:
        yield
    except DBAPIError as error:
        raise _error_at_commit(error) from error
    except OSError as error:
        raise CommitOutcomeUnknown("the connection broke during COMMIT") from error


def is_connection_lost(error: BaseException) -> bool:
    """Tell whether, after this failure of the driver, a connection must not be used again.

    A primary that was demoted goes on answering, but never again as one who can be written to.
    One that has not answered in time may do so later, to a question that was not meant.
    """
    return isinstance(error, TimeoutError) or _sqlstate_of(error).startswith(_CONNECTION_LOST)


def _error_before_commit(error: DBAPIError) -> DatabaseFailure:
    state = _sqlstate(error)
    if state in _CONFLICTS:
        return TransactionConflict(f"conflict {state}")
    if error.connection_invalidated or state.startswith(_CONNECTION_LOST):
        return TransientFailure(f"connection lost {state}".strip())
    failure = LockTimeout if state == _LOCK_NOT_AVAILABLE else DatabaseUnavailable
    return failure(f"{type(error.orig).__name__} {state}".strip())


def _error_at_commit(error: DBAPIError) -> DatabaseFailure:
    state = _sqlstate(error)
    if state in _CONFLICTS:
        return TransactionConflict(f"conflict {state} at COMMIT")
    if state == _READ_ONLY_SERVER:
        return TransientFailure(f"connection lost {state} at COMMIT")
    if isinstance(error.orig, sqlite3.Error) and not _is_disk_failure(error.orig):
        # An embedded database answers for itself: a COMMIT that failed did not happen.
        return DatabaseUnavailable(f"{type(error.orig).__name__} at COMMIT")
    return CommitOutcomeUnknown(f"{type(error.orig).__name__} {state} at COMMIT")


def _is_disk_failure(error: sqlite3.Error) -> bool:
    # Nobody knows what the disk has kept. The lowest byte is the primary result code.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_IOERR


def _sqlstate(error: DBAPIError) -> str:
    return _sqlstate_of(error.orig)


def _sqlstate_of(error: BaseException | None) -> str:
    return getattr(error, "sqlstate", None) or ""


def _constraint(error: IntegrityError) -> str:
    if state := _sqlstate(error):
        driver_error = getattr(error.orig, "__cause__", None)
        # NOT NULL has no name; its column has.
        name: str | None = getattr(driver_error, "constraint_name", None)
        return name or getattr(driver_error, "column_name", None) or state
    message = str(error.orig)
    if match := _SQLITE_CHECK.search(message):
        return match["name"]
    if match := _SQLITE_UNIQUE.search(message):
        columns = match["columns"].split(", ")
        return next(
            (str(each.name) for each in _unique_constraints() if _columns(each) == columns),
            message,
        )
    return message


def _unique_constraints() -> Iterator[Constraint]:
    for table in metadata.tables.values():
        yield table.primary_key
        yield from (each for each in table.constraints if isinstance(each, UniqueConstraint))


def _columns(constraint: Constraint) -> list[str]:
    columns = getattr(constraint, "columns", ())
    return [f"{column.table.name}.{column.name}" for column in columns]
