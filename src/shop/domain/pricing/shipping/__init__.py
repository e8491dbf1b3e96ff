"""Shipping: where a shop ships to, by which method, and at what price."""
