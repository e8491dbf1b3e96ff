"""Entrypoints: HTTP, command line, worker, and the container that connects them."""
