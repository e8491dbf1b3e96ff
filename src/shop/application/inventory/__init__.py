"""Changes of stock: adjustments, and the movements of orders."""
