"""Moves a shop from a SQLite file into a PostgreSQL schema."""
