"""Snapshots that read with one statement what a group of lookups asks."""
