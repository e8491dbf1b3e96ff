"""Repositories in memory, one a port."""
