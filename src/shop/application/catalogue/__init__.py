"""The catalogue: products, and the bulk import."""
