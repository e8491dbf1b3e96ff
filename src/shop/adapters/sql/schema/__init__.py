"""TODO shop/adapters/sql/schema."""
