"""Snapshots of PostgreSQL, which can read with one statement what a group asks."""
