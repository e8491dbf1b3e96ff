"""Routes of the cart."""
