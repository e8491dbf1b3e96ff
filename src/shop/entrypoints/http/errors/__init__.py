"""TODO shop/entrypoints/http/errors."""
