"""Webhook deliveries: routes and schemas."""
