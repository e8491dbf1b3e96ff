"""Ports to files of products that are imported."""
