"""TODO shop/domain/shared."""
