"""The machine's clock, randomness and password hashing."""
