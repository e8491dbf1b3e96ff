"""TODO shop/application/identity."""
