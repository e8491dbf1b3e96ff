"""Transactions of PostgreSQL under SERIALIZABLE, in the tests and in all processes they start.

The shop has each connection begin with READ COMMITTED. It must be right under any stricter level,
as engines have it that know no other: `make test-serializable` tries that.
"""

import os

SERIALIZABLE_VARIABLE = "TESTS_SERIALIZABLE"
"""The variable of the environment that asks for it."""

ISOLATION_ENVIRONMENT = {
    name: os.environ[name] for name in (SERIALIZABLE_VARIABLE,) if os.environ.get(name)
}
"""What passes it on to processes."""


def begin_connections_serializable() -> None:
    """Let connections begin with SERIALIZABLE; what chooses a level for itself keeps it."""
    # Processes that do not import the engines yet would need longer to start.
    from shop.adapters.sql.engines import postgresql  # noqa: PLC0415

    postgresql.SET_READ_COMMITTED = "SET default_transaction_isolation = 'serializable'"  # type: ignore[attr-defined]
