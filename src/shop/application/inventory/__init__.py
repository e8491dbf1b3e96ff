"""TODO shop/application/inventory."""
