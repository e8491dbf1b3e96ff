"""TODO shop/application/notifications."""
