"""TODO shop/entrypoints/configuration."""
