"""Repositories in a relational database, one for each port."""
