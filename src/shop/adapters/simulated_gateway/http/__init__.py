"""The HTTP API of the simulated gateway."""
