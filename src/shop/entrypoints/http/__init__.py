"""The HTTP API: a request becomes a command, and its result a response."""
