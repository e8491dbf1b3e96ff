"""Repositories in memory, one for each port."""
