"""What belongs to customers, in memory: address books and carts."""
