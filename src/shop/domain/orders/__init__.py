"""TODO shop/domain/orders."""
