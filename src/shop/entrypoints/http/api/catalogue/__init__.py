"""Routes of products and their stock."""
