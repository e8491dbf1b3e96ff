"""Rules of prices, and what carts cost by them."""
