"""Ports to what is stored, one a file."""
