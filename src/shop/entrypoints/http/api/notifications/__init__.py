"""TODO shop/entrypoints/http/api/notifications."""
