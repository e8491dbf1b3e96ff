"""TODO shop/application/catalogue."""
