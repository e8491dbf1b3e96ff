"""The use cases of the shop, and the ports through which they reach the world."""
