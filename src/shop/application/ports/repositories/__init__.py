"""TODO shop/application/ports/repositories."""
