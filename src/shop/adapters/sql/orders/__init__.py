"""The rows of orders: what they are made of, and what is made of them."""
