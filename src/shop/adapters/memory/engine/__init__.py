"""Transactions, tables and locks of the in-memory database."""
