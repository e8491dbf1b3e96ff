"""Checkout: from the cart to a placed and paid order."""
