"""TODO shop/adapters/sql/audit."""
