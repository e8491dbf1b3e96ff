"""Checks that connections use the schema of their shop.

The shop's statements name no schema, so each connection must have it as its search path.
Connections ask for it when they begin. A pooler may leave that out, and a shop would read and write
another one.
"""

from sqlalchemy import text

from shop.application.ports.unit_of_work import DatabaseUnreachable

CURRENT_SCHEMA = text("SELECT current_schema()")
"""The schema that a connection uses; null if it does not exist."""


def require_search_path(found: str | None, schema: str) -> None:
    """Raise `DatabaseUnreachable` if a connection uses another schema than that of the shop."""
    if found is not None and found != schema:
        raise DatabaseUnreachable(
            f"connections to the database use the schema {found}, but SHOP_DATABASE_SCHEMA is"
            f" {schema}; if a pooler is between, give the shop a role of its own and store the"
            f" schema for it: ALTER ROLE … IN DATABASE … SET search_path = {schema}; then let the"
            " pooler connect again"
        )
