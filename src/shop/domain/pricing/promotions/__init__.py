"""Promotions: who gets a discount, on what, and how large it is."""
