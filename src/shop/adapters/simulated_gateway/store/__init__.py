"""The simulated gateway's records."""
