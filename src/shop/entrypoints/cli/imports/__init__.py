"""Imports products and customers, from files and for demonstrations."""
