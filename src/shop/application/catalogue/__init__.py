"""The catalogue: products, and how many of them are imported at once."""
