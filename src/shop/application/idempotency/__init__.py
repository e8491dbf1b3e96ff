"""TODO shop/application/idempotency."""
