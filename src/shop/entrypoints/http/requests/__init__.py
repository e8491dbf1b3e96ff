"""TODO shop/entrypoints/http/requests."""
