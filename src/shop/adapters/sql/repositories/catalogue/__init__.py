"""The catalogue in a relational database."""
