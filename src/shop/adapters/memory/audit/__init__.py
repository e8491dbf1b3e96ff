"""TODO shop/adapters/memory/audit."""
