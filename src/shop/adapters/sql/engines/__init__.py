"""SQLite and PostgreSQL, and what their errors mean."""
