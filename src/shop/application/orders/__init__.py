"""Orders: place them, look at them, cancel them."""
