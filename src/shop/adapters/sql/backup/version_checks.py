"""Checks the schema version of a database or backup, and creates its table, for both engines."""

from shop.adapters.sql.schema.tables import RESTORING, SCHEMA_VERSION
from shop.application.ports.database import MigrationRequired
from shop.application.ports.database_backup import BackupFailed

# As Alembic creates it.
CREATE_VERSION_TABLE = """
    CREATE TABLE IF NOT EXISTS alembic_version (
        version_num VARCHAR(32) NOT NULL,
        CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
    )
"""
CURRENCY = "SELECT currency FROM accounts WHERE kind = 'sales' ORDER BY created_at LIMIT 1"


def require_complete(version: str | None) -> None:
    """Check that a database with this version can be backed up."""
    if version is None:
        raise MigrationRequired(f"schema version none, expected {SCHEMA_VERSION}")
    if version == RESTORING:
        raise BackupFailed(
            "the restore of this database has not finished; run `shop restore` again"
        )


def require_known(version: str) -> None:
    """Check that this release can use a backup with this version."""
    if version > SCHEMA_VERSION:
        raise BackupFailed(
            f"the backup has schema version {version}, newer than {SCHEMA_VERSION} of this"
            " release; restore it with the release that made it"
        )
