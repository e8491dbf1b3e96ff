"""Observability: what a running shop says about itself."""
