"""Repositories on a relational database, one a port."""
