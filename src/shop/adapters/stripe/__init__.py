"""Cards through Stripe."""
