"""Copies of a database in use, and their restoration."""
