"""TODO shop/adapters/sql/repositories."""
