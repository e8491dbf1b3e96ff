"""TODO shop/entrypoints/cli/imports."""
