"""Ports to moving a shop to another database."""
