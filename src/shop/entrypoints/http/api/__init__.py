"""Routes by topic. A handler builds a command, calls a use case and renders."""
