"""TODO shop/entrypoints/http/api/identity."""
