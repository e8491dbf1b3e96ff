"""Ports to the stored objects, one per file."""
