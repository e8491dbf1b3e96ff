"""Card payments: calls of the payment gateway, and their idempotency keys."""
