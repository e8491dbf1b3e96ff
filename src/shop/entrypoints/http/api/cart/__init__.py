"""TODO shop/entrypoints/http/api/cart."""
