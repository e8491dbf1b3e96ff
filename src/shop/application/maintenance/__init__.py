"""Backups of the whole shop."""
