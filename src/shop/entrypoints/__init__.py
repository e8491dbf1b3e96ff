"""Entrypoints: HTTP, the command line, the worker, and the container that wires them up."""
