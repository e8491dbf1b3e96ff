"""TODO shop/application/payments."""
