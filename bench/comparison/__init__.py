"""Compares two revisions by their commands and HTTP API; imports neither."""
