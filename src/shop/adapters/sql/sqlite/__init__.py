"""What SQLite is asked: many statements on one visit to its thread."""
