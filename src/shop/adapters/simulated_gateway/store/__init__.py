"""Where the simulated gateway stores its records."""
