"""TODO shop/application/transactions."""
