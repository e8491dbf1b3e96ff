"""TODO shop/adapters/sql/statements."""
