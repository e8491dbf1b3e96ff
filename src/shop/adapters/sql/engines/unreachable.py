"""Explains why a database cannot be opened, and what an operator can check."""

import sqlite3
from socket import gaierror

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

_SETTING = "SHOP_DATABASE_URL or --database"


def explain_unreachable(error: BaseException | None, url: URL) -> str | None:
    """Return problem and remedy, without the password; None for an error of another kind."""
    driver_error: object = error.orig if isinstance(error, DBAPIError) else error
    return _explain(driver_error, url) or _explain_pooler(driver_error, url)


def _explain_pooler(driver_error: object, url: URL) -> str | None:
    # SQLAlchemy puts the driver's message into its own.
    if "unsupported startup parameter" not in str(driver_error):
        return None
    return (
        f"the pooler at {_server(url)} rejects the settings that a connection begins with; set"
        " SHOP_DATABASE_POOLER=transaction"
    )


def _server(url: URL) -> str:
    return f"{url.host or url.query.get('host', 'localhost')}:{url.port or 5432}"


def _explain(driver_error: object, url: URL) -> str | None:
    server = _server(url)
    match driver_error:
        # The SQLSTATE codes of a wrong password and of an unknown user, and of a missing database.
        case object(sqlstate="28P01" | "28000"):
            return (
                f"PostgreSQL at {server} rejects the user {url.username} or the password;"
                f" check {_SETTING}"
            )
        case object(sqlstate="3D000"):
            return (
                f"PostgreSQL at {server} has no database {url.database}; create it,"
                f" or correct {_SETTING}"
            )
        case sqlite3.DatabaseError(sqlite_errorcode=sqlite3.SQLITE_NOTADB):
            return f"{url.database} is not a SQLite database; check {_SETTING}"
        case gaierror():
            return f"the database host {url.host} is unknown; check {_SETTING}"
        case OSError() if url.host or "host" in url.query:
            return (
                f"the database at {server} cannot be reached; check that it is running,"
                f" and {_SETTING}"
            )
        case _:
            return None
