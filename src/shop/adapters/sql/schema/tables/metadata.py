"""The schema version, and what all tables share."""

from sqlalchemy import MetaData, Text

SCHEMA_VERSION = "0009"
"""The newest migration, which results in these tables."""

MOVING = "moving"
"""How the version begins while a shop is copied here, so that no shop opens the database."""

RESTORING = "restoring"
"""Stands for the version while a backup is restored, so that no shop opens the database."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    }
)

# Sorted by bytes on both engines, whatever the database's collation is.
ByteOrderedText = Text().with_variant(Text(collation="C"), "postgresql")
