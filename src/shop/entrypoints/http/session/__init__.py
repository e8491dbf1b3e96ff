"""TODO shop/entrypoints/http/session."""
