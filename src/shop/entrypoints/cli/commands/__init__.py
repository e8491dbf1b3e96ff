"""TODO shop/entrypoints/cli/commands."""
