"""Finds numbers of products by their tokens: all that the engines do differently."""
