"""Engines for SQLite and PostgreSQL, and the translation of their errors."""
