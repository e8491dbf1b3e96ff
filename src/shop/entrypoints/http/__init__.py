"""The HTTP API: each request becomes one command, and what came of it one answer."""
