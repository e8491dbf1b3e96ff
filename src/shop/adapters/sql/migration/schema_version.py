"""The schema version: where it is stored, the lock on it, and what follows from it."""

from collections.abc import Collection, Sequence

from sqlalchemy import Column, Connection, MetaData, String, Table, delete, insert, select

from shop.adapters.sql.schema.tables import MOVING, RESTORING, SCHEMA_VERSION
from shop.application.ports.database import IncompatibleSchema, MigrationRequired

KNOWN_VERSIONS = frozenset(f"{number:04}" for number in range(1, int(SCHEMA_VERSION) + 1))
"""Every version from which this release can migrate, and its own."""

VERSION_BEFORE = f"{int(SCHEMA_VERSION) - 1:04}"
"""Stays until an upgrade is complete; the newest migration can be run again."""

LOCK = "locked"

# As Alembic creates it.
_VERSION_TABLE = Table(
    "alembic_version",
    MetaData(naming_convention={"pk": "%(table_name)s_pkc"}),
    Column("version_num", String(32), primary_key=True),
)


def create_version_table(connection: Connection) -> None:
    """Create the table of the version, unless it exists."""
    _VERSION_TABLE.create(connection, checkfirst=True)


def lock_versions(connection: Connection) -> None:
    """Let this transaction alone migrate until it ends.

    No two transactions can insert the same key at a time. Unlike an advisory lock, that holds
    behind every pooler, and unlike `LOCK TABLE`, on every engine that speaks PostgreSQL. The row
    is never committed.
    """
    connection.execute(insert(_VERSION_TABLE).values(version_num=LOCK))
    connection.execute(delete(_VERSION_TABLE).where(_VERSION_TABLE.c.version_num == LOCK))


def read_versions(connection: Connection) -> Sequence[str]:
    """Return the stored versions: none before the first migration, and usually one."""
    return connection.scalars(select(_VERSION_TABLE.c.version_num).order_by("version_num")).all()


def replace_versions(connection: Connection, versions: Sequence[str]) -> None:
    """Store these versions in place of all others."""
    connection.execute(delete(_VERSION_TABLE))
    for version in versions:
        connection.execute(insert(_VERSION_TABLE).values(version_num=version))


def require_current(versions: Collection[str]) -> None:
    """Raise `MigrationRequired` or `IncompatibleSchema` unless the version is this release's."""
    require_known(versions)
    if list(versions) != [SCHEMA_VERSION]:
        found = " and ".join(sorted(versions)) or "none"
        raise MigrationRequired(f"schema version {found}, expected {SCHEMA_VERSION}")


def require_known(versions: Collection[str]) -> None:
    """Raise `IncompatibleSchema` if a newer release has migrated the database.

    So do an interrupted restore and an interrupted move, whose tables may be incomplete.
    """
    if any(each.startswith(MOVING) for each in versions):
        raise IncompatibleSchema(
            "the move of a shop into this database has not finished; run `shop move` again, or"
            " delete the tables"
        )
    if RESTORING in versions:
        raise IncompatibleSchema(
            "the restore of this database has not finished; run `shop restore` again"
        )
    unknown = sorted(set(versions) - KNOWN_VERSIONS)
    if unknown:
        raise IncompatibleSchema(
            f"the database has schema version {unknown[-1]}, but this release knows none after"
            f" {SCHEMA_VERSION}; run the newer release, or restore a backup from before the upgrade"
        )
