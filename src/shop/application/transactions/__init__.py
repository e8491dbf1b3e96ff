"""Transactions: units of work are run, retried, and shared by a group of commands."""
