"""TODO shop/entrypoints/observability."""
