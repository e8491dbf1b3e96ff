"""Keeps PostgreSQL's plans to look-ups by index, which stay right while tables grow.

A connection keeps the plans of prepared statements and of foreign keys. Those made while a table
was small read all of it, until the server analyses the table again (decision 29).
"""

import logging
from collections.abc import Mapping

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

_log = logging.getLogger(__name__)

KEYED_PLANS = {
    # Otherwise a small table is read as a whole,
    "enable_seqscan": "off",
    # and for rows that come as a parameter, its whole index is, too.
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    # None of these is long enough that compiling it would pay.
    "jit": "off",
}

SET_KEYED_PLANS = "; ".join(f"SET {name} = {value}" for name, value in KEYED_PLANS.items())

SET_READ_COMMITTED = "SET default_transaction_isolation = 'read committed'"
"""For statements outside transactions: guards are checked again on rows that have changed."""

ALLOW_ANY_PLAN = text(
    "SELECT " + ", ".join(f"set_config('{name}', 'on', true)" for name in KEYED_PLANS)
)
"""Lets a transaction that reads whole tables choose among all plans."""

_ROLE_SETTINGS = text(
    "SELECT unnest(setconfig) FROM pg_db_role_setting"
    " JOIN pg_database ON pg_database.oid = setdatabase AND datname = current_database()"
    " JOIN pg_roles ON pg_roles.oid = setrole AND rolname = session_user"
)


def set_role_defaults(connection: Connection, settings: Mapping[str, str] = KEYED_PLANS) -> None:
    """Make these settings the defaults of this role in this database, if it may do that.

    Connections begin with them then, even those that a pooler shares among clients.
    """
    try:
        with connection.begin_nested():
            _set_role_defaults(connection, settings)
    except DBAPIError as error:
        if error.connection_invalidated:
            raise
        # The shop's connections set them as well; only a pooler's are without them.
        _log.warning("role_defaults_not_set", extra={"error": str(error.orig)})


def _set_role_defaults(connection: Connection, settings: Mapping[str, str]) -> None:
    existing = dict(each.split("=", 1) for each in connection.scalars(_ROLE_SETTINGS))
    wanted = settings.get("search_path")
    if wanted is not None and existing.get("search_path", wanted) != wanted:
        _log.warning(
            "role_defaults_not_set",
            extra={
                "error": f"the role has search_path = {existing['search_path']}, of another shop;"
                " behind a pooler each shop needs a role of its own"
            },
        )
        return
    name = connection.scalar(text("SELECT current_database()"))
    database = connection.dialect.identifier_preparer.quote_identifier(name or "")
    for setting, value in settings.items():
        if existing.get(setting) != value:
            connection.exec_driver_sql(
                f"ALTER ROLE SESSION_USER IN DATABASE {database} SET {setting} = '{value}'"
            )
