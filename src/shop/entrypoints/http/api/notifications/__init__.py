"""Routes of webhook deliveries."""
