"""Reads requests: strict parameters, idempotency keys and cursors."""
