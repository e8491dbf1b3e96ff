"""Storage in a relational database: SQLite or PostgreSQL."""
