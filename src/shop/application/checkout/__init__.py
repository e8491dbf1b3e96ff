"""TODO shop/application/checkout."""
