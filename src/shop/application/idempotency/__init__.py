"""Idempotency: one request under a key has one effect and one response."""
