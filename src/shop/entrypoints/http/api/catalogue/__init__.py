"""TODO shop/entrypoints/http/api/catalogue."""
