"""Measures the shop beside its database alone and beside an ORM baseline."""
