"""Translates errors of the drivers into failures of the unit of work.

SQLSTATE codes are from PostgreSQL's Appendix A, "PostgreSQL Error Codes".
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Constraint, UniqueConstraint
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from shop.adapters.sql.schema.tables import metadata
from shop.application.ports.repositories.idempotency_keys import RequestInProgress
from shop.application.ports.unit_of_work import (
    CommitOutcomeUnknown,
    ConnectionLost,
    ConstraintViolated,
    DatabaseFailure,
    DatabaseUnavailable,
    LockTimeout,
    TransactionConflict,
    TransientFailure,
)

ORDER_KEY = "uq_orders_user_id_idempotency_key"
IDEMPOTENCY_KEY = "pk_idempotency_keys"

_CONFLICTS = ("40001", "40P01")
_READ_ONLY_SERVER = "25006"
_LOCK_NOT_AVAILABLE = "55P03"
_CONNECTION_LOST = ("08", "57P01", "57P02", "57P03", _READ_ONLY_SERVER)

_WRONG_STATEMENT = "42"

_DATA_EXCEPTION, _UNKNOWN_STATEMENT, _NOT_SUPPORTED = "22", "26", "0A"

_BEFORE_COMMIT = (
    _LOCK_NOT_AVAILABLE,
    _WRONG_STATEMENT,
    _DATA_EXCEPTION,
    _UNKNOWN_STATEMENT,
    _NOT_SUPPORTED,
)
"""Errors that a statement reports before it would commit itself."""

_SQLITE_WRONG_STATEMENT = re.compile(r"no such (table|column)|has no column named")
_SQLITE_UNIQUE = re.compile(r"UNIQUE constraint failed: (?P<columns>.+)")
_SQLITE_CHECK = re.compile(r"CHECK constraint failed: (?P<name>\w+)")


@contextmanager
def translating_errors() -> Iterator[None]:
    """Translate errors before COMMIT, after which nothing has changed."""
    try:
        yield
    except IntegrityError as error:
        if getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_CONSTRAINT_TRIGGER:
            # A move has stopped writes; the message says so.
            raise DatabaseUnavailable(str(error.orig)) from None
        name = _constraint(error)
        # Without the cause, because PostgreSQL's message contains the row's values.
        if name == ORDER_KEY:
            raise TransientFailure("the idempotency key was used at the same time") from None
        raise ConstraintViolated(name) from None
    except DBAPIError as error:
        raise _error_before_commit(error) from error
    except TimeoutError as error:
        # Not transient: the caller has waited long enough and decides about a retry.
        raise DatabaseUnavailable("no answer in time") from error
    except OSError as error:
        raise ConnectionLost("no connection") from error
    except PoolTimeoutError as error:
        raise DatabaseUnavailable("all connections are in use") from error


@contextmanager
def translating_commit_errors() -> Iterator[None]:
    """Translate errors during COMMIT, after which the outcome can be unknown."""
    try:
        yield
    except DBAPIError as error:
        raise _error_at_commit(error) from error
    except OSError as error:
        raise CommitOutcomeUnknown("the connection broke during COMMIT") from error


@contextmanager
def translating_guarded_errors() -> Iterator[None]:
    """Translate errors of a statement that commits itself: its outcome can be unknown too."""
    try:
        yield
    except IntegrityError as error:
        name = _constraint(error)
        if name in (ORDER_KEY, IDEMPOTENCY_KEY):
            raise TransactionConflict("the idempotency key was used at the same time") from None
        raise ConstraintViolated(name) from None
    except DBAPIError as error:
        if _sqlstate(error) == _LOCK_NOT_AVAILABLE and _waited_for(error, IDEMPOTENCY_KEY):
            # A new row only waits for an unfinished claim of the same key.
            raise RequestInProgress from None
        if _sqlstate(error).startswith(_BEFORE_COMMIT):
            raise _error_before_commit(error) from error
        raise _error_at_commit(error) from error
    except OSError as error:
        raise CommitOutcomeUnknown("no answer to a statement that commits itself") from error


def is_connection_lost(error: BaseException) -> bool:
    """Check whether a connection must not be used again after this driver error.

    A demoted primary still answers but never becomes writable again. After a timeout, a late
    answer could be read as that of the next statement.
    """
    return isinstance(error, TimeoutError) or _sqlstate_of(error).startswith(_CONNECTION_LOST)


def is_read_only(error: BaseException | None) -> bool:
    """Check whether a server is a standby, or was demoted."""
    return isinstance(error, DBAPIError) and _sqlstate(error) == _READ_ONLY_SERVER


def is_schema_mismatch(error: BaseException | None) -> bool:
    """Check whether this failure can mean that the schema is not that of this release."""
    if isinstance(error, ConstraintViolated):
        return True
    cause = error.__cause__ if isinstance(error, DatabaseUnavailable) else None
    if not isinstance(cause, DBAPIError):
        return False
    return _sqlstate(cause).startswith(_WRONG_STATEMENT) or bool(
        _SQLITE_WRONG_STATEMENT.search(str(cause.orig))
    )


def _error_before_commit(error: DBAPIError) -> DatabaseFailure:
    state = _sqlstate(error)
    if state in _CONFLICTS:
        return TransactionConflict(f"conflict {state}")
    if isinstance(error.orig, sqlite3.Error):
        return DatabaseUnavailable(_describe(error.orig))
    if error.connection_invalidated or state.startswith(_CONNECTION_LOST):
        return ConnectionLost(f"connection lost {state}".strip())
    failure = LockTimeout if state == _LOCK_NOT_AVAILABLE else DatabaseUnavailable
    return failure(f"{type(error.orig).__name__} {state}".strip())


def _error_at_commit(error: DBAPIError) -> DatabaseFailure:
    state = _sqlstate(error)
    if state in _CONFLICTS:
        return TransactionConflict(f"conflict {state} at COMMIT")
    if state == _READ_ONLY_SERVER:
        return ConnectionLost(f"connection lost {state} at COMMIT")
    if isinstance(error.orig, sqlite3.Error) and not _is_disk_failure(error.orig):
        # SQLite runs in this process, so a failed COMMIT did not happen.
        return DatabaseUnavailable(f"{_describe(error.orig)} at COMMIT")
    return CommitOutcomeUnknown(f"{_describe(error.orig)} {state}".strip() + " at COMMIT")


def _waited_for(error: DBAPIError, index: str) -> bool:
    driver_error = getattr(error.orig, "__cause__", None)
    return index in (getattr(driver_error, "context", None) or "")


def _describe(error: BaseException | None) -> str:
    # SQLite's name is more exact: `SQLITE_FULL` is a full disk.
    return getattr(error, "sqlite_errorname", None) or type(error).__name__


def _is_disk_failure(error: sqlite3.Error) -> bool:
    # After a disk error, the outcome is unknown. The lowest byte is the primary result code.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_IOERR


def _sqlstate(error: DBAPIError) -> str:
    return _sqlstate_of(error.orig)


def _sqlstate_of(error: BaseException | None) -> str:
    return getattr(error, "sqlstate", None) or ""


def _constraint(error: IntegrityError) -> str:
    if state := _sqlstate(error):
        driver_error = getattr(error.orig, "__cause__", None)
        # A NOT NULL constraint has no name, so use its column's.
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
