"""What the API reads and writes: the only place where the shop's words become JSON."""
