"""Ports to what belongs to customers: their addresses and their carts."""
