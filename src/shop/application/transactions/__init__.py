"""Transactions: how a unit of work is run, retried, and shared by a group of commands."""
