"""The routes, by topic. A handler builds a command, calls one use case, and renders."""
