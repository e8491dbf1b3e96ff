"""Transactions, tables and locks in memory."""
