"""Migrating a database: its schema version, the lock, the currency, and repair."""
