"""Measures the search for products: `python -m bench.search`."""
