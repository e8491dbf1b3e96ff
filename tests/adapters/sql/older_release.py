"""What releases before schema locking did: each statement of a migration stood alone."""

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from shop.adapters.sql.database import SqlDatabase


async def migrate_without_lock(database: SqlDatabase, schema: str, revision: str = "head") -> None:
    """Migrate a PostgreSQL schema up to a revision, one committed statement at a time."""
    steps = database.writer.execution_options(isolation_level="AUTOCOMMIT")
    async with steps.connect() as connection:
        await connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'))
        await connection.run_sync(upgrade_to, revision)


def upgrade_to(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", "shop.adapters.sql.schema:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
