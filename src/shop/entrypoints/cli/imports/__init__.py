"""Imports of products and customers, from files and for demonstrations."""
