"""Shipments, deliveries and refunds: routes and schemas."""
