"""What belongs to customers, in a relational database: addresses and carts."""
