"""Migrations from an empty database to the current schema."""

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection


def upgrade(connection: Connection) -> None:
    """Run the missing migrations on this connection."""
    config = Config()
    config.set_main_option("script_location", "shop.adapters.sql.schema:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
