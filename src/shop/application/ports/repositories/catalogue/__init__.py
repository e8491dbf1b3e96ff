"""Ports to what the catalogue consists of, and to the search in it."""
