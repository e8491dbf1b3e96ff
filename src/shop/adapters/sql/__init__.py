"""The shop in a relational database: SQLite or PostgreSQL, and what speaks as they do."""
