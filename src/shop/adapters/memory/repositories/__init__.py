"""TODO shop/adapters/memory/repositories."""
