"""Measures how long a shop takes to move from SQLite to PostgreSQL."""
