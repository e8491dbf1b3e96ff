"""TODO shop/adapters/sql/engines."""
