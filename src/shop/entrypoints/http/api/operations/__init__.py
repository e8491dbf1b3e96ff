"""TODO shop/entrypoints/http/api/operations."""
