"""Repairs databases in which two processes of an older release migrated at the same time.

Those releases took no lock. Both processes stored a version, so that there are two rows, and each
of them may have created tables under old names that the other had renamed already.
"""

from collections.abc import Sequence

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, select, table, text

from shop.adapters.sql.migration.schema_version import replace_versions
from shop.adapters.sql.migration.unfinished_schema import finish_schema
from shop.adapters.sql.schema.migrations import upgrade
from shop.adapters.sql.schema.tables import metadata
from shop.application.ports.database import IncompatibleSchema

_TABLES = {
    *metadata.tables,
    # Until revision 0006:
    "dispatches",
    "handover_lines",
    "handovers",
    "movements",
    "notices",
}


def upgrade_repaired(connection: Connection, versions: Sequence[str]) -> None:
    """Upgrade a database that has several versions.

    An empty shop gets new tables. Otherwise the newest version has to be true of the existing
    tables; raise `IncompatibleSchema` if it is not.
    """
    tables = _TABLES.intersection(inspect(connection).get_table_names())
    if tables and not any(_has_rows(connection, name) for name in tables):
        # In one statement, so that foreign keys between the tables do not matter.
        connection.exec_driver_sql(f"DROP TABLE {', '.join(sorted(tables))}")
        replace_versions(connection, [])
        upgrade(connection)
        return
    replace_versions(connection, [max(versions)])
    upgrade(connection)
    finish_schema(connection)
    if compare_metadata(MigrationContext.configure(connection), metadata):
        raise IncompatibleSchema(
            "two migrations ran at the same time and left the database between the schema"
            f" versions {' and '.join(sorted(versions))}; restore a backup from before the upgrade"
        )


def _has_rows(connection: Connection, name: str) -> bool:
    if name == "rule_versions":
        # It always has its one row.
        return False
    rows = select(text("1")).select_from(table(name)).limit(1)
    if name == "accounts":
        # `shop migrate` itself adds the shop's own accounts, which have no user.
        rows = rows.where(text("user_id IS NOT NULL"))
    return connection.execute(rows).first() is not None
