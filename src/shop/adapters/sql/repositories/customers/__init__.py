"""What belongs to customers, in a relational database: address books and carts."""
