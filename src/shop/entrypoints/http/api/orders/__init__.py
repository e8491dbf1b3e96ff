"""TODO shop/entrypoints/http/api/orders."""
