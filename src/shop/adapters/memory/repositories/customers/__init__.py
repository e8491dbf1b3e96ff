"""What belongs to customers, in memory: addresses and carts."""
