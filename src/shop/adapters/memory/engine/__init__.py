"""TODO shop/adapters/memory/engine."""
