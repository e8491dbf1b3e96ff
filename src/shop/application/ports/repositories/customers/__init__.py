"""Ports to what belongs to customers: their address books and their carts."""
