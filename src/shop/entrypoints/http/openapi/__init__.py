"""TODO shop/entrypoints/http/openapi."""
