"""Card payments through Stripe."""
