"""Observability of a running shop: logging."""
